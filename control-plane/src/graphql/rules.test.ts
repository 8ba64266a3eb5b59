/** Every field of the schema by every role and every single permission: allowed by the one table, and by nothing else. */
import { allows, RolePermission, Role, type Rights } from '@casare/shared/api';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Caller } from '../platform/http/caller.ts';
import { RefusedError } from '../platform/http/problem.ts';
import type { GraphqlContext } from './context.ts';
import { LINKS, MUTATIONS, QUERIES } from './fields.ts';
import { assertRuled, enforce, fieldsOf, ruleOf } from './rules.ts';
import { buildSchema } from './schema.ts';

const schema = buildSchema();
const RIGHTS: Rights[] = [
  ...Role.options.map((role) => ({ role, scopes: null })),
  ...RolePermission.options.map((one) => ({ role: 'owner' as const, scopes: [one] })),
];

/** `true` when the field goes on to what resolves it. */
async function lets(field: ReturnType<typeof fieldsOf>[number]['field'], rights: Rights): Promise<boolean> {
  const caller = { ...rights, tenant: 'default' } as Caller;
  const context = {
    ...{ caller, signal: new AbortController().signal, perform: () => Promise.resolve({}) },
    loaders: { one: () => Promise.resolve({}), page: () => Promise.resolve({}) },
  } as unknown as GraphqlContext;
  try {
    await field.resolve!({ id: 'x', agent: null, workflow: null }, {}, context, {} as never);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(RefusedError);
    return (error as RefusedError).refusal.code !== 'PERMISSION_DENIED';
  }
}

describe('rules of fields', () => {
  it('let through whom the table allows', async () => {
    const asked = fieldsOf(schema).filter(({ field }) => ruleOf(field) !== 'member');
    const links = Object.values(LINKS).flatMap((fields) => Object.keys(fields));
    expect(asked).toHaveLength(Object.keys({ ...QUERIES, ...MUTATIONS }).length + links.length);
    for (const { at, field } of asked) {
      const rule = ruleOf(field)!;
      if (rule === 'member') throw new Error(at);
      for (const rights of RIGHTS) {
        expect([at, rights, await lets(field, rights)]).toEqual([at, rights, allows(rights, rule)]);
      }
    }
  });

  it('are those of the operations', () => {
    const [query, mutation] = [schema.getQueryType()!.getFields(), schema.getMutationType()!.getFields()];
    for (const [fields, table] of [
      [query, QUERIES],
      [mutation, MUTATIONS],
    ] as const) {
      for (const [name, { operation }] of Object.entries(table))
        expect(ruleOf(fields[name]!)).toBe(operation.permission);
    }
    for (const { operation } of Object.values(QUERIES)) expect(operation.method).toBe('GET');
    for (const { operation } of Object.values(MUTATIONS)) expect(operation.method).not.toBe('GET');
  });

  it('deny a field that has none, and such a schema is not served', async () => {
    const bare = new GraphQLSchema({
      query: new GraphQLObjectType({
        name: 'Query',
        fields: { open: { type: GraphQLString, resolve: () => 'anyone' } },
      }),
    });
    expect(() => assertRuled(bare)).toThrow('Query.open');
    const { field } = fieldsOf(enforce(bare))[0]!;
    expect(await lets(field, { role: 'owner', scopes: null })).toBe(false);
  });
});
