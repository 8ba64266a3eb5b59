/** Attacks 31 and 34 on GraphQL: every field by everybody who may not, and documents that ask for too much. */
import { allows, api, Role } from '@casare/shared/api';
import { afterAll, beforeAll, expect } from 'vitest';
import { buildSchema } from '../../control-plane/src/graphql/schema.ts';
import { MUTATIONS, QUERIES } from '../../control-plane/src/graphql/fields.ts';
import { LIMITS } from '../../control-plane/src/graphql/limits.ts';
import {
  askerWith,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isNonNullType,
  isObjectType,
  post,
  textAt,
  type Answered,
  type Ask,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLOutputType,
} from '../../control-plane/src/graphql/testing.ts';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { startTestControlPlane, type TestControlPlane } from '../../control-plane/src/testing.ts';
import { attack } from './attack.ts';

const CANARY = 'canary-of-the-default-tenant';
const WORKFLOW = `
document: { dsl: 1.0.3, namespace: test, name: ${CANARY}, version: 1.0.0 }
do: [{ act: { set: { done: true } } }]
`;
const addAgent = sql<never, [id: string, name: string]>(
  'attackAddAgent',
  `INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest) VALUES ('default', $1, $2, 'active', 't', $2)`,
);
const kill = sql<never, [job: string, agent: string]>(
  'attackKillJob',
  `UPDATE job SET state = 'failed', dead_letter = 'permanent', ended_at = now(), agent_id = $2 WHERE id = $1`,
);

const schema = buildSchema();
const OPERATIONS = { query: QUERIES, mutation: MUTATIONS };
type Kind = keyof typeof OPERATIONS;
const typeOf = (kind: Kind) => (kind === 'query' ? schema.getQueryType()! : schema.getMutationType()!);

let plane: TestControlPlane;
let owner: Ask;
/** What our tenant has, by the argument that names it. */
const ours: Record<string, string> = {};
beforeAll(async () => {
  plane = await startTestControlPlane();
  owner = askerWith(plane.url, plane.admin.apiKey);
  const pushed = await owner('mutation ($d: JSON!) { pushWorkflow(document: $d) { id } }', { d: WORKFLOW });
  ours['workflow'] = textAt(pushed, 'pushWorkflow', 'id');
  const job = await owner(`mutation { submitJob(input: { workflow: "test/${CANARY}", input: "${CANARY}" }) { id } }`);
  ours['job'] = textAt(job, 'submitJob', 'id');
  ours['agent'] = crypto.randomUUID();
  await plane.database.db.execute(addAgent(ours['agent'], CANARY));
  await plane.database.db.execute(kill(ours['job'], ours['agent']));
  const token = await owner(`mutation { createJoinToken(input: { site: "${CANARY}" }) { id } }`);
  ours['token'] = textAt(token, 'createJoinToken', 'id');
  const accounts = await owner('{ accounts { items { id } } }');
  ours['account'] = textAt(accounts, 'accounts', 'items', 0, 'id');
});
afterAll(() => plane.close());

/** Which of our ids a field is given. */
function idFor(field: string): string {
  const noun = ['deadLetter', 'whyPending', 'job', 'agent', 'workflow', 'token', 'account'].find((each) =>
    field.toLowerCase().includes(each.toLowerCase()),
  );
  return noun === undefined
    ? crypto.randomUUID()
    : ours[noun === 'deadLetter' || noun === 'whyPending' ? 'job' : noun]!;
}

/** A value of an argument that must be there. */
function valueFor(type: GraphQLInputType, id: string): string {
  const named = getNamedType(type);
  if (isEnumType(named)) return named.getValues()[0]!.name;
  if (named.name === 'DeadLetterChoiceInput') return `{ ids: ["${id}"] }`;
  if (named.name === 'AgentUpdateInput') return '{ name: "taken" }';
  if (isInputObjectType(named)) {
    const members = Object.values(named.getFields()).filter((member) => isNonNullType(member.type));
    return `{ ${members.map((member) => `${member.name}: ${valueFor(member.type, id)}`).join(', ')} }`;
  }
  return named.name === 'Int' ? '1' : `"${id}"`;
}

function call(field: GraphQLField<unknown, unknown>, id: string, selection: string, limit?: number): string {
  const given = field.args
    .filter((one) => isNonNullType(one.type))
    .map((one) => `${one.name}: ${valueFor(one.type, id)}`);
  if (limit !== undefined && field.args.some(({ name }) => name === 'limit')) given.push(`limit: ${limit}`);
  return `${field.name}${given.length > 0 ? `(${given.join(', ')})` : ''} ${selection}`;
}

const typename = (type: GraphQLOutputType): string => (isObjectType(getNamedType(type)) ? '{ __typename }' : '');

/** All that a type shows, a few objects deep. */
function everything(type: GraphQLNamedType, depth = 3): string {
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (!isObjectType(inner)) return [field.name];
    const limit = field.args.some(({ name }) => name === 'limit') ? '(limit: 2)' : '';
    return depth === 0 ? [] : [`${field.name}${limit} ${everything(inner, depth - 1)}`];
  });
  return `{ ${fields.length === 0 ? '__typename' : fields.join(' ')} }`;
}

/** Documents of at most as many operations as one may have. */
function documents(kind: Kind, id: (field: string) => string): { names: string[]; text: string }[] {
  const fields = Object.values(typeOf(kind).getFields());
  return Array.from({ length: Math.ceil(fields.length / LIMITS.roots) }, (_, at) => {
    const some = fields.slice(at * LIMITS.roots, (at + 1) * LIMITS.roots);
    const calls = some.map((field) => call(field, id(field.name), typename(field.type)));
    return { names: some.map(({ name }) => name), text: `${kind} { ${calls.join('\n')} }` };
  });
}

/** The code of each field of an answer; `OK` where it has none. */
function codesOf({ errors, data, text }: Answered, names: readonly string[]): Record<string, unknown> {
  expect(data, text).toBeDefined();
  const codes = new Map(errors.map((error) => [error.path?.[0], error.extensions!['code']]));
  return Object.fromEntries(names.map((name) => [name, codes.get(name) ?? 'OK']));
}

const denied = (code: unknown): boolean => code === 'PERMISSION_DENIED';

attack(
  31,
  'every field of GraphQL by every role of the own and of another tenant: denied without the right, and nothing is shown',
  [
    {
      file: 'control-plane/src/graphql/rules.ts',
      find: 'if (!allows(caller, rule)) throw new RefusedError(permissionDenied(caller, rule));',
    },
  ],
  async () => {
    const nobodys = crypto.randomUUID();
    for (const tenant of ['default', 'other']) {
      for (const role of Role.options) {
        const ask = askerWith(plane.url, await plane.keyOf(role, tenant));
        for (const kind of ['query', 'mutation'] as const) {
          for (const { names, text } of documents(kind, () => nobodys)) {
            const codes = codesOf(await ask(text), names);
            for (const name of names) {
              const may = allows({ role, scopes: null }, OPERATIONS[kind][name]!.operation.permission);
              expect([tenant, role, name, denied(codes[name])]).toEqual([tenant, role, name, !may]);
            }
          }
        }
      }
    }
    // A key that may look at jobs follows no link to what it may not look at, and reads no other list.
    const { key } = await plane.client.call(api.apiKeys.create, { body: { name: 'narrow', scopes: ['jobs:read'] } });
    const narrow = await askerWith(
      plane.url,
      key,
    )(`{ job(id: "${ours['job']}") { id workflow { name } agent { name } } }`);
    expect(narrow.codes).toEqual(['PERMISSION_DENIED', 'PERMISSION_DENIED']);
    expect(narrow.text).not.toContain(CANARY);
  },
);

attack(
  31,
  'the ids of a tenant, given to every field of GraphQL by the owner of another one, show and change nothing',
  [
    {
      // The tenant is the verified caller's; what is asked for names none.
      file: 'control-plane/src/fleet/agents.controller.ts',
      find: 'this.#agents.get(caller.tenant, params.id)',
      replace: "this.#agents.get('default', params.id)",
    },
  ],
  async () => {
    const stranger = askerWith(plane.url, await plane.keyOf('owner', 'other'));
    const shown = (field: GraphQLField<unknown, unknown>): string =>
      `{ ${call(field, idFor(field.name), everything(getNamedType(field.type)), 2)} }`;
    const seen: string[] = [];
    for (const field of Object.values(typeOf('query').getFields())) {
      if ((await owner(shown(field))).text.includes(CANARY)) seen.push(field.name);
      expect((await stranger(shown(field))).text).not.toContain(CANARY);
    }
    // The same fields do show it to whom it belongs, some of them only through a link.
    expect(seen).toEqual(
      expect.arrayContaining(['job', 'jobs', 'agent', 'agents', 'workflow', 'workflows', 'deadLetter']),
    );
    for (const field of Object.values(typeOf('mutation').getFields())) {
      const asked = `mutation { ${call(field, idFor(field.name), typename(field.type))} }`;
      const answer = await stranger(asked);
      const names = field.args.filter((one) => isNonNullType(one.type)).map((one) => one.name);
      if (names.includes('id'))
        expect([field.name, answer.codes[0]]).toEqual([field.name, expect.stringMatching(/_NOT_FOUND$/)]);
    }
    const { data } = await owner(`{ job(id: "${ours['job']}") { state } agent(id: "${ours['agent']}") { state } }`);
    expect(data).toEqual({ job: { state: 'failed' }, agent: { state: 'active' } });
  },
);

const limited = (answer: Answered) => expect([answer.codes, answer.data]).toEqual([['GRAPHQL_LIMIT'], undefined]);
const LIMITS_FILE = 'control-plane/src/graphql/limits.ts';
const many = (count: number, of: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => of(n)).join(' ');

attack(
  34,
  'documents of GraphQL that ask for too much are refused as a whole, at once: aliases, depth, cost, fragments, tokens',
  [
    { file: LIMITS_FILE, find: "atMost(counts.aliases, LIMITS.aliases, 'more aliases');" },
    { file: LIMITS_FILE, find: "atMost(depth, LIMITS.depth, 'fields within fields deeper');" },
    { file: LIMITS_FILE, find: "atMost(cost, LIMITS.cost, 'a cost higher');" },
    { file: LIMITS_FILE, find: "atMost(fields.length, LIMITS.roots, 'more operations');" },
    { file: LIMITS_FILE, find: "atMost(nesting, LIMITS.fragments, 'fragments within fragments deeper');" },
    { file: LIMITS_FILE, find: 'atMost(measuring.counts.visits, VISITS, ', replace: 'atMost(0, VISITS, ' },
    {
      file: 'control-plane/src/graphql/engine.ts',
      find: 'maxLexicalTokens: LIMITS.tokens',
      replace: 'maxLexicalTokens: 1e9',
    },
  ],
  async () => {
    const started = performance.now();
    limited(await owner(`{ jobs { items { ${many(31, (n) => `a${n}: id`)} } } }`));
    limited(await owner(`{ __schema { types { ${many(31, (n) => `a${n}: name`)} } } }`));
    const around = (depth: number): string =>
      depth === 0 ? 'id' : `id agent { jobs(limit: 1) { items { ${around(depth - 1)} } } }`;
    limited(await owner(`{ jobs(limit: 1) { items { ${around(2)} } } }`));
    limited(await owner('{ jobs(limit: 200) { items { steps(limit: 200) { items { name } } } } }'));
    limited(await owner('query ($n: Int = 200) { jobs(limit: $n) { items { steps(limit: $n) { items { name } } } } }'));
    limited(
      await owner(
        `{ ${Object.keys(QUERIES)
          .slice(0, 11)
          .map((name) => call(typeOf('query').getFields()[name]!, crypto.randomUUID(), '{ __typename }'))
          .join(' ')} }`,
      ),
    );
    const chain = many(25, (n) => `fragment F${n} on Me { role ...F${n + 1} }`);
    limited(await owner(`{ me { ...F0 } } ${chain} fragment F25 on Me { role }`));
    limited(await owner('{ me { ...A } } fragment A on Me { ...B } fragment B on Me { ...A }'));
    const doubled = many(13, (n) => `fragment D${n} on Me { ...D${n + 1} ...D${n + 1} }`);
    limited(await owner(`{ me { ...D0 } } ${doubled} fragment D13 on Me { role }`));
    // While it is read: comparing its fields with each other would be the longest part.
    const long = await owner(`{ me { ${'role '.repeat(2_100)}} }`);
    expect([long.codes, long.text]).toEqual([['GRAPHQL_INVALID'], expect.stringMatching(/tokens\. Parsing aborted/)]);
    // 1,000 aliases; and what nests without end, in values too.
    for (const text of [
      `{ ${many(1_000, (n) => `a${n}: me { role }`)} }`,
      '{a'.repeat(16_000),
      `{ job(id: ${'['.repeat(30_000)}`,
    ]) {
      expect([(await owner(text)).codes.length > 0, (await owner(text)).data]).toEqual([true, undefined]);
    }
    expect(
      (
        await post(
          plane.url,
          { query: `{ me { role } } # ${'x'.repeat(33_000)}` },
          { authorization: `Bearer ${plane.admin.apiKey}` },
        )
      ).status,
    ).toBe(400);
    expect(performance.now() - started).toBeLessThan(20_000);
    // What is within the limits is answered.
    const fine = await owner(
      `{ jobs(limit: 200) { items { id agent { name } } } me { ${many(29, (n) => `a${n}: role`)} } }`,
    );
    expect(fine.codes).toEqual([]);
  },
);

attack(
  34,
  'a batch of requests, a request by GET or as a form, and one of nobody are answered without looking into them',
  [
    {
      file: 'control-plane/src/platform/http/guard.ts',
      find: 'if (caller === null) {',
      replace: 'if (caller === null) return null as never;\n    if (caller === undefined) {',
    },
  ],
  async () => {
    const key = { authorization: `Bearer ${plane.admin.apiKey}` };
    const one = { query: '{ mee { role } }' };
    for (const batch of [[one], Array.from({ length: 1_000 }, () => one), { 0: one, length: 1 }]) {
      const answer = await post(plane.url, batch, key);
      expect([answer.status, answer.body.code]).toEqual([400, 'REQUEST_INVALID']);
    }
    const anonymous = await post(plane.url, one);
    expect([anonymous.status, anonymous.body.code]).toEqual([401, 'AUTH_REQUIRED']);
    expect(anonymous.text).not.toMatch(/mean|role|"me"/);
    expect((await post(plane.url, { query: '{ __schema { types { name } } }' })).status).toBe(401);
    expect((await fetch(`${plane.url}/graphql?query={me{role}}`, { headers: key })).status).toBe(404);
    // Who is known is told what was meant.
    expect((await post(plane.url, one, key)).text).toContain('Did you mean');
  },
);
