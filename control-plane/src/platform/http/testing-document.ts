/**
 * For tests: a `fetch` that holds every answer of the API to the OpenAPI document: the operation, its status, its media type
 * and its JSON. What the document does not say is an error of the test that asked.
 */
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApiDocument } from './openapi.ts';

type Schema = object;
type Content = Readonly<Record<string, { readonly schema?: Schema }>>;
type Answer = { readonly content?: Content } | { readonly $ref: string };
type Answers = Readonly<Record<string, Answer>>;

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
  readonly components: { readonly responses: Readonly<Record<string, { readonly content?: Content }>> };
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
  const declared = operation.answers[status];
  if (declared === undefined) return `the document has no answer ${status}`;
  const [place, content] = contentOf(operation, status, declared);
  const type = (response.headers.get('content-type') ?? '').split(';')[0]!;
  if (content === undefined) return type === '' ? null : `the document has no content for ${status}, not ${type}`;
  if (type in content && /[/+]json$/.test(type)) {
    return jsonFault([...place, 'content', type, 'schema'], await response.clone().json());
  }
  return type in content || '*/*' in content ? null : `the document has no ${type} for ${status}`;
}

/** Where an answer stands in the document, and its content. */
function contentOf({ path, method }: Operation, status: string, answer: Answer): [string[], Content | undefined] {
  if (!('$ref' in answer)) return [['paths', path, method.toLowerCase(), 'responses', status], answer.content];
  const name = answer.$ref.split('/').at(-1)!;
  return [['components', 'responses', name], document.components.responses[name]!.content];
}

function jsonFault(place: readonly string[], body: unknown): string | null {
  const pointer = place.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
  const validate = ajv.getSchema(`${NAME}#/${encodeURI(pointer)}`);
  if (validate === undefined) throw new Error(`the document has no ${pointer}`);
  return validate(body) ? null : `the answer is not as the document says: ${ajv.errorsText(validate.errors)}`;
}
