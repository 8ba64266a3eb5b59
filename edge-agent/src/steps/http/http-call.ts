/** `call: http` of the specification: a request by method, address, headers, query and body. */
import type { Step } from '../../engine/index.ts';
import { type Json, STEP_TIMEOUT_MS, type StepDeclaration } from '@casare/shared/workflow';
import { z } from 'zod';
import { outputOf, type Wanted } from './answer.ts';
import { type Authentication, type Endpoint, HttpArguments } from './arguments.ts';
import { authenticatorOf } from './authentication.ts';
import { encodeBody, pairsOf, textOf } from './content.ts';
import { type Call, exchange, sendOnce, type Surroundings } from './exchange.ts';
import { invalid } from './failures.ts';
import type { Transport } from './transport.ts';

/** What comes of a call: any JSON; its depth is bounded where it is read. */
export const Content = z.custom<Json>((value) => value !== undefined, 'there is no content');

const declaration: StepDeclaration<typeof HttpArguments> = {
  name: 'http',
  version: '1.0.0',
  summary: 'Calls a server by HTTP.',
  with: HttpArguments,
  output: Content,
  example: { method: 'get', endpoint: 'https://api.example.com/orders/{orderId}' },
  // By its method where the document does not say: see `shared/src/workflow/restart.ts`.
  effect: 'unsafe',
  defaultTimeoutMs: STEP_TIMEOUT_MS,
  slot: 'plain',
  capabilities: [],
  needsSession: false,
};

/** The executor of `call: http`. */
export function httpStep(transport: Transport): Step {
  return {
    declaration,
    run: async (given, context) => {
      const args = HttpArguments.parse(given);
      const call = callOf(args);
      return answerTo(call, args, { policy: authenticationOf(args.endpoint), around: { context, transport } });
    },
  };
}

/** Makes a call and says what came of it; the same for `http` and `openapi`. */
export async function answerTo(
  call: Call,
  wanted: { readonly output?: Wanted['output'] },
  { policy, around }: { readonly policy: Authentication | undefined; readonly around: Surroundings },
): Promise<Json> {
  const authenticator = authenticatorOf(policy, around.context, (request) => sendOnce(request, around));
  const exchanged = await exchange(call, around, authenticator);
  const output = outputOf(exchanged, { output: wanted.output, redirect: call.redirect }, around.context);
  return authenticator.mask(output);
}

/** The address and how to authenticate there. */
export function authenticationOf(endpoint: Endpoint): Authentication | undefined {
  return typeof endpoint === 'string' ? undefined : endpoint.authentication;
}

/** @throws StepFailure HTTP_ADDRESS_INVALID */
export function addressOf(endpoint: Endpoint): URL {
  const text = typeof endpoint === 'string' ? endpoint : endpoint.uri;
  if (URL.canParse(text)) return new URL(text);
  const how = 'Write it with its scheme, such as https://api.example.com/orders.';
  throw invalid('HTTP_ADDRESS_INVALID', 'The endpoint is no address', how);
}

/** Names of headers in lower case; null leaves one out. */
export function headersOf(values: Readonly<Record<string, Json>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[name.toLowerCase(), textOf(value)]])),
  );
}

function callOf({ method, endpoint, headers: given = {}, query = {}, body, redirect = false }: HttpArguments): Call {
  const url = addressOf(endpoint);
  for (const [name, value] of pairsOf(query)) url.searchParams.append(name, value);
  const headers = headersOf(given);
  const call = { method: method.toUpperCase(), url, headers, redirect };
  if (body === undefined || body === null) return { ...call, body: null };
  const { bytes, contentType } = encodeBody(body, headers['content-type']);
  return { ...call, headers: { ...headers, 'content-type': contentType }, body: bytes };
}
