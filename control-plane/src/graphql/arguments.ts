/**
 * From the arguments of a field to the parts of an operation: GraphQL's `null` for what may be left out is left out, a
 * switch becomes the text that REST has. What comes out is parsed by the operation's schemas.
 */
import { GraphQLString, type GraphQLFieldConfigArgumentMap } from 'graphql';
import { z } from 'zod';
import { refuse } from '../platform/refusal.ts';
import { jsonFault } from '../platform/http/body.ts';
import type { Asked } from '../platform/http/operation-calls.ts';
import { RefusedError } from '../platform/http/problem.ts';
import type { OperationField } from './fields.ts';
import { nameWithin } from './names.ts';
import { isSwitch, peel, shapeOfUnion, takesNull, type TypesOfZod } from './types-of-zod.ts';

export type Arguments = Readonly<Record<string, unknown>>;

/** The arguments of an operation, but for those parameters that the field says itself. */
export function argumentsOf(
  { operation, fixed = {}, body = 'input' }: OperationField,
  types: TypesOfZod,
): GraphQLFieldConfigArgumentMap {
  const shape: z.core.$ZodShape = { ...operation.params?.shape, ...operation.query?.shape };
  const found: GraphQLFieldConfigArgumentMap = {};
  for (const [name, schema] of Object.entries(shape)) {
    if (!(name in fixed)) found[name] = argument(types, operation.id, name, schema as z.ZodType);
  }
  if (operation.body !== undefined) found[body] = argument(types, operation.id, body, operation.body);
  if (operation.method === 'POST') {
    found['idempotencyKey'] = { type: GraphQLString, description: 'As the header `Idempotency-Key` of REST.' };
  }
  return found;
}

function argument(types: TypesOfZod, operation: string, name: string, schema: z.ZodType) {
  const words = operation
    .split('.')
    .map((word, index) => (index === 0 ? word[0]!.toUpperCase() + word.slice(1) : word));
  const type = types.input(schema, nameWithin(words.reduce(nameWithin), name));
  const standard = schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
  const shown = typeof standard === 'number' ? { defaultValue: standard } : {};
  return { type, ...shown };
}

/** @throws RefusedError REQUEST_INVALID for what PostgreSQL cannot store or JavaScript would obey */
export function askedBy({ operation, fixed = {}, body = 'input' }: OperationField, given: Arguments): Asked {
  const fault = jsonFault(given);
  if (fault !== null) {
    throw new RefusedError(
      refuse('invalid', 'REQUEST_INVALID', 'The arguments hold something that is not accepted.', { detail: fault }),
    );
  }
  const part = (schema: z.ZodObject | undefined, more: Arguments = {}) =>
    schema && { ...(tidy(schema, pick(given, Object.keys(schema.shape))) as object), ...more };
  const key = given['idempotencyKey'];
  return {
    params: part(operation.params, fixed),
    query: part(operation.query),
    body: operation.body && tidy(operation.body, given[body]),
    idempotencyKey: typeof key === 'string' ? key : null,
  };
}

function pick(given: Arguments, names: readonly string[]): Arguments {
  return Object.fromEntries(names.filter((name) => name in given).map((name) => [name, given[name]]));
}

function tidy(schema: z.ZodType, value: unknown): unknown {
  const inner = peel(schema).schema;
  if (isSwitch(inner)) return typeof value === 'boolean' ? String(value) : value;
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item) => tidy(inner.element as z.ZodType, item));
  }
  const shape = inner instanceof z.ZodObject ? (inner.shape as Record<string, z.ZodType>) : shapeOfUnion(inner);
  if (shape === null || typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([name, member]) => member !== null || mayBeNull(shape[name]));
  return Object.fromEntries(members.map(([name, member]) => [name, shape[name] ? tidy(shape[name], member) : member]));
}

/** An argument that is `null` and must not be is left out where it may be, else refused by the schema. */
function mayBeNull(schema: z.ZodType | undefined): boolean {
  if (schema === undefined) return true;
  const { nullable, optional, schema: inner } = peel(schema);
  return nullable || !optional || takesNull(inner);
}
