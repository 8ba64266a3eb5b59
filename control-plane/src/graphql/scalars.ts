/** The scalars that GraphQL has no own ones for. What they let in is parsed again by the operation's schema. */
import { GraphQLError, GraphQLScalarType, valueFromASTUntyped } from 'graphql';

/** Any JSON value, as it is. */
export const JSON_VALUE = new GraphQLScalarType({
  name: 'JSON',
  description: 'Any JSON value.',
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

/** The text as REST has it. */
export const DATE_TIME = new GraphQLScalarType({
  name: 'DateTime',
  description: 'A point in time in UTC (ISO 8601), `2026-01-31T08:00:00.000Z`.',
  parseValue: textOf,
});

/** GraphQL's own Int ends at 2^31. */
export const SAFE_INT = new GraphQLScalarType({
  name: 'SafeInt',
  description: 'A whole number between -(2^53 - 1) and 2^53 - 1.',
  serialize: wholeOf,
  parseValue: wholeOf,
});

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new GraphQLError('A DateTime is a text.');
}

function wholeOf(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new GraphQLError('A SafeInt is a whole number between -(2^53 - 1) and 2^53 - 1.');
}
