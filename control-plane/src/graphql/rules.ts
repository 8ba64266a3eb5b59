/**
 * Who may read a field. Every field of the schema has a rule: the permission of the operation that it carries out or
 * stands for, or `member` for what is part of an object, which nobody gets but by a field that has a permission.
 *
 * Invariant: a field without a rule is denied to everybody, and the schema with one is not served (`assertRuled`).
 */
import { allows, type Permission } from '@casare/shared/api';
import { isObjectType, type GraphQLField, type GraphQLSchema } from 'graphql';
import { refuse } from '../platform/refusal.ts';
import { permissionDenied } from '../platform/http/guard.ts';
import { RefusedError } from '../platform/http/problem.ts';
import type { GraphqlContext } from './context.ts';

export type Rule = Permission | 'member';

/** What a field carries. */
export function ruled(rule: Rule): { readonly extensions: { readonly rule: Rule } } {
  return { extensions: { rule } };
}

export function ruleOf(field: Pick<GraphQLField<unknown, unknown>, 'extensions'>): Rule | undefined {
  return field.extensions['rule'] as Rule | undefined;
}

/** Every field of every object of ours. */
export function fieldsOf(schema: GraphQLSchema): { at: string; field: GraphQLField<unknown, GraphqlContext> }[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) =>
      Object.values((type as { getFields(): Record<string, GraphQLField<unknown, GraphqlContext>> }).getFields()).map(
        (field) => ({ at: `${type.name}.${field.name}`, field }),
      ),
    );
}

/** @throws Error naming each field without a rule */
export function assertRuled(schema: GraphQLSchema): void {
  const bare = fieldsOf(schema).filter(({ field }) => ruleOf(field) === undefined);
  if (bare.length > 0) {
    const names = bare.map(({ at }) => at).join(', ');
    throw new Error(`fields of GraphQL without a rule, which nobody could be allowed or denied: ${names}`);
  }
}

/** Puts the rule of each field before what resolves it. */
export function enforce(schema: GraphQLSchema): GraphQLSchema {
  for (const { field } of fieldsOf(schema)) {
    const { resolve } = field;
    field.resolve = (source, args, context, info) => {
      check(ruleOf(field), context);
      return resolve ? resolve(source, args, context, info) : (source as Record<string, unknown>)[field.name];
    };
  }
  return schema;
}

/** @throws RefusedError PERMISSION_DENIED, GRAPHQL_TIME_UP */
function check(rule: Rule | undefined, { caller, signal }: GraphqlContext): void {
  if (signal.aborted) throw new RefusedError(timeUp());
  if (rule === 'member') return;
  if (rule === undefined) throw new RefusedError(refuse('denied', 'PERMISSION_DENIED', 'Nobody may do this.'));
  if (!allows(caller, rule)) throw new RefusedError(permissionDenied(caller, rule));
}

function timeUp() {
  return refuse('unprocessable', 'GRAPHQL_TIME_UP', 'The time of this request is up.', {
    fix: 'Ask for less at once.',
  });
}
