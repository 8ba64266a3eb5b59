/**
 * URI templates of `call: http` and `call: openapi` (RFC 6570, level 1, as the specification asks): `{name}` is the
 * member of that name of the task's input. The engine fills them, because executors do not see the input.
 */
import type { Json } from '@casare/shared/workflow';
import { fault } from './errors.ts';

/**
 * The arguments with their addresses filled in: `endpoint` or `document.endpoint`, as text or as `{ uri }`.
 * @param mark what is done to a filled-in value: handles of secrets are to be revealed encoded
 * @throws {WorkflowFault} as `fillUri`
 */
export function fillAddresses(args: Json, input: Json, mark: (value: string) => string = (value) => value): Json {
  if (!isObject(args)) return args;
  const filled = Object.entries(args).map(([name, value]): [string, Json] => {
    if (name === 'endpoint') return [name, fillEndpoint(value, input, mark)];
    return [name, name === 'document' ? fillAddresses(value, input, mark) : value];
  });
  return Object.fromEntries(filled);
}

/**
 * An address with its places filled in; what is missing or null is an empty text.
 * @throws {WorkflowFault} expression error 400 when a member is neither text, number nor boolean
 */
export function fillUri(uri: string, input: Json, mark: (value: string) => string): string {
  return uri.replace(/\{([A-Za-z_][\w.]*)\}/g, (_whole, name: string) => {
    const value = isObject(input) && Object.hasOwn(input, name) ? (input[name] ?? null) : null;
    if (value === null) return '';
    if (typeof value !== 'object') return mark(encodeURIComponent(value));
    throw fault('expression', {
      code: 'URI_TEMPLATE_UNFILLED',
      title: `The input has no text named ${name} for the address ${uri}`,
      detail: `It is ${Array.isArray(value) ? 'a list' : 'an object'}: a place in an address takes a text, a number or a boolean.`,
    });
  });
}

function fillEndpoint(endpoint: Json, input: Json, mark: (value: string) => string): Json {
  if (typeof endpoint === 'string') return fillUri(endpoint, input, mark);
  if (!isObject(endpoint) || typeof endpoint['uri'] !== 'string') return endpoint;
  return { ...endpoint, uri: fillUri(endpoint['uri'], input, mark) };
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
