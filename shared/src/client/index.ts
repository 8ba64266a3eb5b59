/** The typed API client, made of the OpenAPI document. Runs in browsers and Node. */
export * from './client.ts';
export { api } from './generated/operations.ts';
export type { CallOptions, Operation, OperationId, Rest, ResultOf } from './operation.ts';
export { PATIENT, type Patience } from './patience.ts';
export * from './sse.ts';
