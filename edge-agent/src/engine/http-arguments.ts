/**
 * Arguments of `call: http` and `call: openapi` that only the engine can complete: places in addresses, and ways to
 * authenticate that a document names. `{ use: name }` is one of `use.authentications`; `{ basic: { use: name } }` takes the
 * members of a secret, whose handles stand for its values until the step is called. Files of a call stand beside `with`.
 */
import type { Json } from '@casare/shared/workflow';
import { fault } from './errors.ts';
import { definitionOf } from './evaluate.ts';
import type { Frame } from './frame.ts';
import { fillAddresses, fillUri } from './uri-template.ts';

type Members = Readonly<Record<string, Json>>;

const FILES = ['saveAs', 'bodyFrom', 'formFiles'];

/**
 * The arguments, completed.
 * @throws {WorkflowFault} configuration error 400 for a name that leads nowhere; expression error 400 by a template
 */
export async function httpArguments(args: Json, frame: Frame): Promise<Json> {
  const filled = fillAddresses(args, frame.input, frame.run.vault.inAddress);
  if (!isMembers(filled)) return filled;
  const { endpoint, document, authentication } = filled;
  return {
    ...filled,
    ...(endpoint === undefined ? {} : { endpoint: await completed(endpoint, frame) }),
    ...(isMembers(document)
      ? { document: { ...document, endpoint: await completed(document['endpoint'] ?? null, frame) } }
      : {}),
    ...(authentication === undefined ? {} : { authentication: await resolved(authentication, frame) }),
    ...(await filesOf(frame)),
  };
}

/**
 * The files that a call reads and stores, from its `metadata.rpa`: part of what it is called with, so that its record shows
 * them, and one with other files counts as another call. Empty where there are none.
 */
async function filesOf(frame: Frame): Promise<Members> {
  const rpa = (frame.task.metadata?.rpa ?? {}) as Members;
  const named = FILES.filter((name) => rpa[name] !== undefined);
  if (named.length === 0) return {};
  const files = Object.fromEntries(named.map((name) => [name, rpa[name] ?? null]));
  return { files: await definitionOf(frame).template(files) };
}

async function completed(endpoint: Json, frame: Frame): Promise<Json> {
  if (!isMembers(endpoint) || endpoint['authentication'] === undefined) return endpoint;
  return { ...endpoint, authentication: await resolved(endpoint['authentication'], frame) };
}

async function resolved(policy: Json, frame: Frame): Promise<Json> {
  if (!isMembers(policy)) return policy;
  const name = policy['use'];
  if (typeof name !== 'string') return fromSecret(policy, frame);
  const known = frame.run.options.document.use?.authentications;
  const definition = known !== undefined && Object.hasOwn(known, name) ? known[name] : undefined;
  if (definition === undefined)
    throw unknown('AUTHENTICATION_UNKNOWN', `The document has no authentication named ${name}`);
  const evaluated = await definitionOf(frame).template(definition as Json);
  return isMembers(evaluated) ? fromSecret(evaluated, frame) : evaluated;
}

/** The one scheme of a policy, with the members of its secret. */
function fromSecret(policy: Members, frame: Frame): Json {
  const entries = Object.entries(policy).map(([scheme, given]): [string, Json] => {
    const name = isMembers(given) ? given['use'] : undefined;
    const members = typeof name === 'string' ? secretMembers(name, scheme, frame) : given;
    if (!isMembers(members) || typeof members['authority'] !== 'string') return [scheme, members];
    return [scheme, { ...members, authority: fillUri(members['authority'], frame.input, frame.run.vault.inAddress) }];
  });
  return Object.fromEntries(entries);
}

/** Secrets are flat: `client.id` is the member `id` of `client`. A plain text is the token of a bearer. */
function secretMembers(name: string, scheme: string, frame: Frame): Json {
  const { secrets } = frame.run;
  const secret = isMembers(secrets) && Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (secret === undefined) throw unknown('SECRET_UNKNOWN', `The run has no secret named ${name}`);
  if (!isMembers(secret)) return scheme === 'bearer' ? { token: secret } : secret;
  const members: Record<string, Json> = {};
  for (const [key, value] of Object.entries(secret)) {
    const [outer = '', ...inner] = key.split('.');
    const before = members[outer];
    members[outer] = inner.length === 0 ? value : { ...(isMembers(before) ? before : {}), [inner.join('.')]: value };
  }
  return members;
}

function unknown(code: string, title: string) {
  return fault('configuration', { code, title });
}

function isMembers(value: Json | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
