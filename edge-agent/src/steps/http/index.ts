/** The calls of the standard itself: `call: http` and `call: openapi`. */
import type { Step } from '../../engine/index.ts';
import { httpStep } from './http-call.ts';
import { openApiStep } from './openapi-call.ts';
import type { Transport } from './transport.ts';

export { savedAnswer } from './answer-file.ts';
export { exchange } from './exchange.ts';
export { createTransport, type Transport } from './transport.ts';

/** The executors, by the word behind `call:`. */
export function httpSteps(transport: Transport): ReadonlyMap<string, Step> {
  return new Map([
    ['http', httpStep(transport)],
    ['openapi', openApiStep(transport)],
  ]);
}
