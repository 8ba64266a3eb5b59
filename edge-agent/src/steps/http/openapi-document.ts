/**
 * Descriptions of APIs, OpenAPI 3.x and Swagger 2.0, as far as a call needs them: where an operation is, and what it takes.
 * A description comes from outside: whatever it holds, reading it ends, and every reference stays inside it.
 */
import type { Json } from '@casare/shared/workflow';

type Record_ = Readonly<Record<string, Json>>;

/** Where a parameter goes. `form`: a field of the body (Swagger 2.0). */
export type Place = 'path' | 'query' | 'header' | 'cookie' | 'body' | 'form';

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: Place;
  readonly required: boolean;
  /** How lists and objects are written (OpenAPI 3, "Style Values"). */
  readonly style: string;
  readonly explode: boolean;
}

/** An operation, ready to be called. */
export interface Operation {
  readonly method: string;
  /** The address of the server with the operation's template behind it. */
  readonly base: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** What a body is sent as; null when the operation takes none. */
  readonly bodyType: string | null;
  readonly bodyRequired: boolean;
  /** Members that the body's schema names; null when it does not say. */
  readonly bodyMembers: readonly string[] | null;
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const;
const PLACES: readonly Place[] = ['path', 'query', 'header', 'cookie', 'body', 'form'];
/** References that lead to references. */
const HOPS = 20;

/** Every operation id of a description, for proposals. At most 5,000. */
export function operationIds(description: Json): string[] {
  return operationsOf(description)
    .flatMap(({ operation }) => textAt(operation, 'operationId') ?? [])
    .slice(0, 5_000);
}

/** The operation of this id; a text says why there is none. `from` is where the description was read. */
export function findOperation(description: Json, operationId: string, from: URL): Operation | string {
  if (!isRecord(description)) return 'it is no object';
  const isSwagger = textAt(description, 'swagger')?.startsWith('2.') === true;
  if (!isSwagger && textAt(description, 'openapi')?.startsWith('3.') !== true) {
    return 'it says neither `openapi: 3.x` nor `swagger: "2.0"`';
  }
  const found = operationsOf(description).find(({ operation }) => textAt(operation, 'operationId') === operationId);
  if (found === undefined) return `it has no operation ${operationId.slice(0, 200)}`;
  const { path, method, item, operation } = found;
  const base = isSwagger ? swaggerBase(description, operation, from) : serverOf([operation, item, description], from);
  if (base === null) return 'the address of its server cannot be read';
  const parameters = parametersOf(description, [...listAt(item, 'parameters'), ...listAt(operation, 'parameters')]);
  const body = isSwagger ? swaggerBody(description, operation, parameters) : bodyOf(description, operation);
  return { method: method.toUpperCase(), base, path, parameters: [...parameters, ...keysOf(description)], ...body };
}

interface Found {
  readonly path: string;
  readonly method: string;
  readonly item: Record_;
  readonly operation: Record_;
}

function operationsOf(description: Json): Found[] {
  const paths = recordAt(description, 'paths') ?? {};
  return Object.entries(paths).flatMap(([path, value]) => {
    const item = resolved(description, value);
    if (item === null) return [];
    return METHODS.flatMap((method): Found[] => {
      const operation = recordAt(item, method);
      return operation === null ? [] : [{ path, method, item, operation }];
    });
  });
}

/** The first server that is named, from the operation outwards; relative ones stand beside the description. */
function serverOf(around: readonly Record_[], from: URL): string | null {
  const servers = around.map((one) => listAt(one, 'servers')).find((list) => list.length > 0) ?? [{ url: '/' }];
  const server = servers[0];
  if (!isRecord(server ?? null)) return null;
  const variables = recordAt(server as Json, 'variables') ?? {};
  const url = (textAt(server as Json, 'url') ?? '/').replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = Object.hasOwn(variables, name) ? (variables[name] ?? null) : null;
    return textAt(variable, 'default') ?? whole;
  });
  return URL.canParse(url, from.href) ? new URL(url, from).href : null;
}

function swaggerBase(description: Record_, operation: Record_, from: URL): string | null {
  const own = from.protocol.slice(0, -1);
  const schemes = [...listAt(operation, 'schemes'), ...listAt(description, 'schemes')].filter(
    (one) => typeof one === 'string',
  );
  const scheme =
    schemes.length === 0 || schemes.includes(own) ? own : schemes.includes('https') ? 'https' : String(schemes[0]);
  const url = `${scheme}://${textAt(description, 'host') ?? from.host}${textAt(description, 'basePath') ?? ''}`;
  return URL.canParse(url) ? new URL(url).href : null;
}

/** Later ones, of the operation, replace those of the path. */
function parametersOf(description: Json, list: readonly Json[]): Parameter[] {
  const known = new Map<string, Parameter>();
  for (const one of list) {
    const parameter = resolved(description, one);
    const name = textAt(parameter, 'name');
    const where = textAt(parameter, 'in');
    const place = PLACES.find((candidate) => candidate === (where === 'formData' ? 'form' : where));
    if (parameter === null || name === undefined || place === undefined) continue;
    known.set(`${place} ${name}`, {
      name,
      in: place,
      required: parameter['required'] === true,
      ...styleOf(parameter, place),
    });
  }
  return [...known.values()];
}

function styleOf(parameter: Record_, place: Place): Pick<Parameter, 'style' | 'explode'> {
  const collection = textAt(parameter, 'collectionFormat') ?? textAt(parameter['items'] ?? null, 'collectionFormat');
  if (collection !== undefined) {
    const styles: Record_ = { ssv: 'spaceDelimited', pipes: 'pipeDelimited', tsv: 'tabDelimited' };
    return { style: String(styles[collection] ?? 'form'), explode: collection === 'multi' };
  }
  // Swagger 2.0 has its type beside the name, and lists in commas; OpenAPI 3 repeats the name in queries and cookies.
  const isSwagger = typeof parameter['type'] === 'string';
  const style = textAt(parameter, 'style') ?? (place === 'query' || place === 'cookie' ? 'form' : 'simple');
  const explode = parameter['explode'];
  return { style, explode: typeof explode === 'boolean' ? explode : style === 'form' && !isSwagger };
}

type Body = Pick<Operation, 'bodyType' | 'bodyRequired' | 'bodyMembers'>;
const NO_BODY: Body = { bodyType: null, bodyRequired: false, bodyMembers: null };

function bodyOf(description: Json, operation: Record_): Body {
  const request = resolved(description, operation['requestBody'] ?? null);
  const content = recordAt(request, 'content');
  if (request === null || content === null) return NO_BODY;
  const types = Object.keys(content);
  const json = types.find((type) => /^application\/(?:json|[^;]+\+json)/i.test(type));
  const bodyType = json ?? types[0] ?? 'application/json';
  const schema = resolved(description, recordAt(content[bodyType] ?? null, 'schema'));
  const properties = recordAt(schema, 'properties');
  return {
    bodyType: bodyType.includes('*') ? 'application/json' : bodyType,
    bodyRequired: request['required'] === true,
    bodyMembers: properties === null ? null : Object.keys(properties),
  };
}

function swaggerBody(description: Record_, operation: Record_, parameters: readonly Parameter[]): Body {
  const body = parameters.find((parameter) => parameter.in === 'body');
  const isForm = parameters.some((parameter) => parameter.in === 'form');
  if (body === undefined && !isForm) return NO_BODY;
  const consumes =
    [listAt(operation, 'consumes'), listAt(description, 'consumes')].find((list) => list.length > 0) ?? [];
  const types = consumes.filter((type) => typeof type === 'string');
  const json = types.find((type) => /json/i.test(type));
  const bodyType = isForm ? 'application/x-www-form-urlencoded' : (json ?? types[0] ?? 'application/json');
  return { bodyType, bodyRequired: body?.required === true, bodyMembers: [] };
}

/** API keys are no parameters of operations, but a document may give them as such. */
function keysOf(description: Json): Parameter[] {
  const schemes =
    recordAt(recordAt(description, 'components'), 'securitySchemes') ??
    recordAt(description, 'securityDefinitions') ??
    {};
  return Object.values(schemes).flatMap((one): Parameter[] => {
    const scheme = resolved(description, one);
    const name = textAt(scheme, 'name');
    const place = PLACES.find((candidate) => candidate === textAt(scheme, 'in'));
    if (textAt(scheme, 'type') !== 'apiKey' || name === undefined || place === undefined) return [];
    return [{ name, in: place, required: false, style: 'simple', explode: false }];
  });
}

/** An object, references followed inside the description; null when there is none. */
function resolved(description: Json, value: Json): Record_ | null {
  let current: Json = value;
  for (let hop = 0; hop < HOPS; hop += 1) {
    const reference = textAt(current, '$ref');
    if (reference === undefined) return isRecord(current) ? current : null;
    if (!reference.startsWith('#/')) return null;
    current = reference
      .slice(2)
      .split('/')
      .map((token) => decoded(token).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<Json>((at, token) => memberOf(at, token), description);
  }
  return null;
}

function decoded(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

function memberOf(value: Json, name: string): Json {
  return isRecord(value) && Object.hasOwn(value, name) ? (value[name] ?? null) : null;
}

function textAt(value: Json, name: string): string | undefined {
  const found = memberOf(value, name);
  return typeof found === 'string' ? found : undefined;
}

function recordAt(value: Json, name: string): Record_ | null {
  const found = memberOf(value, name);
  return isRecord(found) ? found : null;
}

function listAt(value: Json, name: string): readonly Json[] {
  const found = memberOf(value, name);
  return Array.isArray(found) ? (found as readonly Json[]) : [];
}

function isRecord(value: Json): value is Record_ {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
