/**
 * For tests: a `fetch` that holds every answer of the API to the OpenAPI document: the operation, its status, its media type
 * and its JSON. What the document does not say is an error of the test that asked.
 */
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApiDocument } from './openapi.ts';

type Schema = object;
type Content = Readonly<Record<string, { readonly schema?: Schema }>>;
type Answers = Readonly<Record<string, { readonly content?: Content }>>;

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly matches: RegExp;
  readonly answers: Answers;
}

const NAME = 'openapi.json';
const document = openApiDocument() as {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Answers }>>>>;
};
const BASE = document.servers[0]!.url;
const OPERATIONS: readonly Operation[] = Object.entries(document.paths)
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses: answers }]) => {
      const matches = new RegExp(`^${BASE}${path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`);
      return { method: method.toUpperCase(), path, matches, answers };
    }),
  )
  // A path without parameters goes before one with.
  .toSorted((a, b) => a.path.split('{').length - b.path.split('{').length);

const ajv = new Ajv2020({ strict: false, validateSchema: false });
addFormats.default(ajv);
ajv.addSchema(document, NAME);

/** A `fetch` whose answers are as the document says. */
export function heldToDocument(send: typeof fetch = fetch): typeof fetch {
  return async (to, init) => {
    const response = await send(to, init);
    const method = init?.method ?? 'GET';
    const fault = await faultOf(method, new URL(String(to), 'http://x').pathname, response);
    if (fault !== null) throw new Error(`${method} ${String(to)}: ${fault}`);
    return response;
  };
}

async function faultOf(method: string, path: string, response: Response): Promise<string | null> {
  const operation = OPERATIONS.find((one) => one.method === method && one.matches.test(path));
  if (operation === undefined) return path.startsWith(BASE) ? 'the document has no such operation' : null;
  const status = String(response.status);
  const declared = status in operation.answers ? status : 'default';
  const answer = operation.answers[declared];
  if (answer === undefined) return `the document has no answer ${status}`;
  const type = (response.headers.get('content-type') ?? '').split(';')[0]!;
  if (answer.content === undefined)
    return type === '' ? null : `the document has no content for ${status}, not ${type}`;
  if (type in answer.content && type.endsWith('json')) {
    return jsonFault(operation, declared, type, await response.clone().json());
  }
  // Bytes are of whatever type they are.
  return type in answer.content || !Object.keys(answer.content).some((known) => known.endsWith('json'))
    ? null
    : `the document has no ${type} for ${status}`;
}

function jsonFault({ method, path, answers }: Operation, status: string, type: string, body: unknown): string | null {
  if (answers[status]!.content![type]!.schema === undefined) return null;
  const parts = ['paths', path, method.toLowerCase(), 'responses', status, 'content', type, 'schema'];
  const pointer = parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
  const validate = ajv.getSchema(`${NAME}#/${encodeURI(pointer)}`);
  if (validate === undefined) throw new Error(`the document has no ${pointer}`);
  if (validate(body)) return null;
  return `the answer ${status} is not as the document says: ${ajv.errorsText(validate.errors)}`;
}
