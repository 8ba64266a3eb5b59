/**
 * URI templates of `call: http` and `call: openapi` (RFC 6570, level 1, as the specification asks): `{name}` is the
 * member of that name of the task's input. The engine fills them, because executors do not see the input.
 */
import type { Json } from '@casare/shared/workflow';
import { fault } from './errors.ts';

/**
 * The arguments with their addresses filled in: `endpoint` or `document.endpoint`, as text or as `{ uri }`.
 * @throws {WorkflowFault} configuration error 400 when the input has no text, number or boolean of that name
 */
export function fillAddresses(args: Json, input: Json): Json {
  if (!isObject(args)) return args;
  const filled = Object.entries(args).map(([name, value]): [string, Json] => {
    if (name === 'endpoint') return [name, fillEndpoint(value, input)];
    return [name, name === 'document' ? fillAddresses(value, input) : value];
  });
  return Object.fromEntries(filled);
}

function fillEndpoint(endpoint: Json, input: Json): Json {
  if (typeof endpoint === 'string') return fillUri(endpoint, input);
  if (!isObject(endpoint) || typeof endpoint['uri'] !== 'string') return endpoint;
  return { ...endpoint, uri: fillUri(endpoint['uri'], input) };
}

function fillUri(uri: string, input: Json): string {
  return uri.replace(/\{([A-Za-z_][\w.]*)\}/g, (_whole, name: string) => {
    const value = isObject(input) && Object.hasOwn(input, name) ? input[name] : undefined;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      return encodeURIComponent(value);
    }
    throw fault('configuration', {
      code: 'URI_TEMPLATE_UNFILLED',
      title: `The input has no text named ${name} for the address ${uri}`,
    });
  });
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
