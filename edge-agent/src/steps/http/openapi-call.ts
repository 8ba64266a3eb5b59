/**
 * `call: openapi` of the specification: an operation of a described API, by its id. The description is fetched once in a
 * run, under the agent's policy; the call itself is then made as `call: http` makes it.
 */
import { StepFailure, type Step, type StepContext } from '../../engine/index.ts';
import { type Json, nearest, readSource, STEP_TIMEOUT_MS, type StepDeclaration } from '@casare/shared/workflow';
import { type Authentication, OpenApiArguments } from './arguments.ts';
import { authenticatorOf } from './authentication.ts';
import { parseJson } from './content.ts';
import { exchange, sendOnce, type Surroundings } from './exchange.ts';
import { shownUrl } from './failures.ts';
import { addressOf, answerTo, authenticationOf, Content } from './http-call.ts';
import { findOperation, operationIds } from './openapi-document.ts';
import { requestFor } from './openapi-request.ts';
import type { Transport } from './transport.ts';

/** Longest description, bytes; as YAML 1 MiB, which is what the reader of documents takes. */
const DESCRIPTION_BYTES = 16_777_216;
/** Descriptions kept in one run; the oldest is forgotten. */
const KEPT = 10;
const DESCRIPTIONS = 'http.descriptions';

const declaration: StepDeclaration<typeof OpenApiArguments> = {
  name: 'openapi',
  version: '1.0.0',
  summary: 'Calls an operation of an API that an OpenAPI document describes.',
  with: OpenApiArguments,
  output: Content,
  example: {
    document: { endpoint: 'https://api.example.com/openapi.json' },
    operationId: 'getOrder',
    parameters: { orderId: 7 },
  },
  effect: 'unsafe',
  defaultTimeoutMs: STEP_TIMEOUT_MS,
  slot: 'plain',
  capabilities: [],
  needsSession: false,
};

/** The executor of `call: openapi`. */
export function openApiStep(transport: Transport): Step {
  return {
    declaration,
    asksWhereSecretsGo: true,
    run: async (given, context) => {
      const args = OpenApiArguments.parse(given);
      const around = { context, transport };
      const from = addressOf(args.document.endpoint);
      const description = await descriptionAt(from, authenticationOf(args.document.endpoint), around);
      const operation = findOperation(description, args.operationId, from);
      if (typeof operation === 'string') throw unusable(from, operation, description, args.operationId);
      const call = requestFor(operation, args.parameters ?? {}, args.redirect ?? false);
      return answerTo(call, args, { policy: args.authentication, around });
    },
  };
}

/** The description, from this run's memory or fetched; a failure is certain, since nothing was called yet. */
async function descriptionAt(url: URL, policy: Authentication | undefined, around: Surroundings): Promise<Json> {
  const kept = descriptionsOf(around.context);
  const key = JSON.stringify([url.href, policy ?? null]);
  const known = kept.get(key);
  if (known !== undefined) return known;
  const authenticator = authenticatorOf(policy, around.context, (request) => sendOnce(request, around));
  const call = {
    method: 'GET',
    url,
    headers: { accept: 'application/json, application/yaml, */*;q=0.8' },
    body: null,
    redirect: true,
  };
  const { answer } = await exchange(call, { ...around, maxBytes: DESCRIPTION_BYTES }, authenticator);
  if (answer.status !== 200)
    throw unusable(url, `it answered ${answer.status} ${answer.statusText}`.trim(), null, '', answer.status);
  const description = parse(answer.body.toString('utf8'));
  if (typeof description === 'string') throw unusable(url, description, null, '');
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value ?? '');
  kept.set(key, description.value);
  return description.value;
}

function descriptionsOf({ session }: StepContext): Map<string, Json> {
  const known = session.get(DESCRIPTIONS) as Map<string, Json> | undefined;
  const kept = known ?? new Map<string, Json>();
  session.set(DESCRIPTIONS, kept);
  return kept;
}

/** JSON, or YAML; a text says what is wrong. */
function parse(text: string): { readonly value: Json } | string {
  if (/^\s*\{/.test(text)) {
    const parsed = parseJson(text);
    return parsed.ok ? { value: parsed.value } : parsed.why;
  }
  const source = readSource(text, 'yaml');
  if (source.ok) return { value: source.value as Json };
  const [problem] = source.problems;
  return `line ${problem?.line ?? 1}: ${problem?.message ?? 'it cannot be read'}`;
}

function unusable(url: URL, why: string, description: Json, wanted: string, status = 400): StepFailure {
  const meant = description === null ? undefined : nearest(wanted, operationIds(description));
  return new StepFailure({
    type: status === 400 ? 'configuration' : 'communication',
    status,
    code: 'OPENAPI_DOCUMENT_UNUSABLE',
    title: 'The OpenAPI document cannot be used for this call',
    detail: `${shownUrl(url)}: ${why}${meant === undefined ? '.' : `; did you mean ${meant}?`}`,
    certain: true,
  });
}
