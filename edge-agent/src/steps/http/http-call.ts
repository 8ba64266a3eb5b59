/** `call: http` of the specification: a request by method, address, headers, query and body. */
import type { Step } from '../../engine/index.ts';
import { type Json, STEP_TIMEOUT_MS, type StepDeclaration } from '@casare/shared/workflow';
import { z } from 'zod';
import { savedAnswer } from './answer-file.ts';
import { checkStatus, outputOf, responseOf, type Wanted } from './answer.ts';
import { type Authentication, type Endpoint, HttpArguments } from './arguments.ts';
import { authenticatorOf } from './authentication.ts';
import { encodeBody, pairsOf, textOf } from './content.ts';
import { type Call, exchange, sendOnce, type Surroundings } from './exchange.ts';
import { invalid } from './failures.ts';
import { contentFromFiles, type FromFiles } from './request-content.ts';
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
    asksWhereSecretsGo: true,
    run: async (given, context) => {
      const args = HttpArguments.parse(given);
      const call = callOf(args);
      const contentType = call.headers['content-type'];
      const { files = {}, body } = args;
      await using content = await contentFromFiles(files, { body, contentType }, context);
      const whole = content === null ? withBody(call, body) : withContent(call, content);
      return await answerTo(whole, args, { policy: authenticationOf(args.endpoint), around: { context, transport } });
    },
  };
}

/** Makes a call and says what came of it; the same for `http` and `openapi`. */
export async function answerTo(
  call: Call,
  wanted: { readonly output?: Wanted['output']; readonly files?: { readonly saveAs?: string | undefined } | undefined },
  { policy, around }: { readonly policy: Authentication | undefined; readonly around: Surroundings },
): Promise<Json> {
  const { context } = around;
  const authenticator = authenticatorOf(policy, context, (request) => sendOnce(request, around));
  const saveAs = wanted.files?.saveAs;
  if (saveAs === undefined) {
    const exchanged = await exchange(call, around, authenticator);
    return authenticator.mask(outputOf(exchanged, { output: wanted.output, redirect: call.redirect }, context));
  }
  const { file, ...saved } = await savedAnswer(context, saveAs, async (receiver) => {
    const exchanged = await exchange(call, { ...around, receiver }, authenticator);
    checkStatus(exchanged, call, context);
    return exchanged;
  });
  return authenticator.mask({ ...responseOf(saved), file });
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

function callOf({ method, endpoint, headers: given = {}, query = {}, redirect = false }: HttpArguments): Call {
  const url = addressOf(endpoint);
  for (const [name, value] of pairsOf(query)) url.searchParams.append(name, value);
  return { method: method.toUpperCase(), url, headers: headersOf(given), body: null, redirect };
}

function withBody(call: Call, body: Json | undefined): Call {
  if (body === undefined || body === null) return call;
  const { bytes, contentType } = encodeBody(body, call.headers['content-type']);
  return { ...call, headers: { ...call.headers, 'content-type': contentType }, body: bytes };
}

function withContent(call: Call, { content, contentType }: FromFiles): Call {
  return { ...call, headers: { ...call.headers, 'content-type': contentType }, body: content };
}
