/** ETags and If-Match: who changes what somebody else has changed meanwhile is told, and of two at once one wins. */
import { api, API_PREFIX, BODY_EXAMPLES, ENDPOINTS } from '@casare/shared/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

let plane: TestControlPlane;
/** Where each thing is, by the path that its operations begin with. */
let things: Record<string, string>;
const at = (kind: string): string => things[kind]!;
const [AGENT, PROVIDER] = [crypto.randomUUID(), crypto.randomUUID()];
/** What a person cannot make here: an agent, and a provider that nobody has to reach. */
const rows = (tenant: string): string => `
  INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest)
    VALUES ('${tenant}', '${AGENT}', 'a', 'active', 'none', 'none');
  INSERT INTO identity_provider (tenant_id, id, kind, name, issuer, client_id, groups_claim, link_by_email,
      trust_email, created_at, changed_at)
    VALUES ('${tenant}', '${PROVIDER}', 'jwt', 'p', 'https://idp.example', 'a', 'groups', false, false, now(), now())`;

beforeAll(async () => {
  plane = await startTestControlPlane();
  const { client, admin, database } = plane;
  const document = { dsl: '1.0.3', namespace: 'a', name: 'tagged', version: '1.0.0' };
  await client.call(api.workflows.push, { body: { ...(BODY_EXAMPLES['workflows.push'] as object), document } });
  await client.call(api.jobs.submit, { body: { workflow: 'a/tagged' } });
  await database.owner.transaction((tx) => tx.script(rows(admin.tenant)));
  const invited = await client.call(api.accounts.invite, { body: { email: 'a@example.com', role: 'viewer' } });
  const schedule = await client.call(api.schedules.create, { body: terms(0) });
  await client.call(api.secrets.set, { params: { name: 'tagged' }, body: { value: 'a' } });
  await client.call(api.secrets.set, { params: { name: 'tagged' }, body: { value: 'b' } });
  const { channel } = await client.call(api.alertChannels.create, {
    body: { kind: 'webhook', name: 'c', url: 'https://hook.example' },
  });
  const rule = await client.call(api.alertRules.create, {
    body: { kind: 'job.failed', name: 'r', channels: [channel.id] },
  });
  const owned = (id: string) => ({ id, name: id, owner: `${id}@example.com` });
  await client.call(api.tenants.create, { body: owned('looked-after') });
  things = {
    schedules: `/schedules/${schedule.id}`,
    accounts: `/accounts/${invited.account.id}`,
    secrets: '/secrets/tagged',
    providers: `/identity-providers/${PROVIDER}`,
    alertRules: `/alert-rules/${rule.id}`,
    agents: `/agents/${AGENT}`,
    routes: `/routes/${(await client.call(api.routes.list)).items[0]!.id}`,
    tenants: '/tenants/looked-after',
    tenant: '/tenant',
  };
}, 60_000);
afterAll(() => plane.close());

const terms = (n: number) => ({ name: `n ${n}`, cron: '0 6 * * *', job: { workflow: 'a/tagged' }, enabled: false });

interface Answer {
  readonly status: number;
  readonly tag: string | null;
  readonly code: string | undefined;
}

async function ask(method: string, path: string, more: Record<string, string> = {}, body?: object): Promise<Answer> {
  const response = await fetch(`${plane.url}${API_PREFIX}${path}`, {
    method,
    headers: { authorization: `Bearer ${plane.admin.apiKey}`, 'content-type': 'application/json', ...more },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { code } = (text === '' ? {} : JSON.parse(text)) as { code?: string };
  return { status: response.status, tag: response.headers.get('etag'), code };
}

const tagOf = async (path: string): Promise<string> => (await ask('GET', path)).tag!;

/** Five updates of each kind of thing, below its path: none leaves what another one leaves, unless all do. */
const UPDATES: readonly (readonly [kind: string, update: (n: number) => readonly [below: string, body?: object]])[] = [
  ['schedules', (n) => ['', terms(n + 1)]],
  ['accounts', (n) => ['/role', { role: ['operator', 'admin', 'developer', 'security', 'owner'][n] }]],
  ['secrets', (n) => ['', n % 2 === 0 ? { description: `${n}` } : { value: `${n}` }]],
  ['providers', (n) => ['', n % 2 === 0 ? { name: `${n}` } : { trustEmail: true }]],
  ['agents', (n) => [['/drain', '/pause', '/lock', '/drain', '/pause'][n]!]],
  [
    'agents',
    (n) => ['', [{ name: 'press' }, { site: 'plant' }, { addGrants: ['a'] }, { grants: ['b'] }, { name: 'p' }][n]!],
  ],
  ['routes', () => ['/pause']],
  ['alertRules', () => ['/disable']],
  ['tenants', (n) => [n % 2 === 0 ? '/quotas' : '/retention', n % 2 === 0 ? { agents: n } : { jobsDays: n }]],
  ['tenants', () => ['/suspend', { reason: 'not paid' }]],
  ['tenant', (n) => ['/retention', { logsDays: n + 1 }]],
];

it.each(UPDATES)('%s: the same strong tag until it changes, and the new one in the answer', async (kind, update) => {
  const before = await tagOf(at(kind));
  expect(before).toMatch(/^"[\w-]{32}"$/);
  expect(await tagOf(at(kind))).toBe(before);
  const [below, body] = update(0);
  const changed = await ask('POST', `${at(kind)}${below}`, { 'if-match': before }, body);
  expect(changed).toMatchObject({ status: 200, tag: await tagOf(at(kind)) });
  expect(changed.tag).not.toBe(before);
  const late = await ask('POST', `${at(kind)}${below}`, { 'if-match': before }, body);
  expect(late).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' });
  expect(await tagOf(at(kind))).toBe(changed.tag);
  await back();
});

it.each(UPDATES)('%s: of four updates at once with one tag exactly one is done', async (kind, update) => {
  const tag = { 'if-match': await tagOf(at(kind)) };
  const all = await Promise.all(
    [1, 2, 3, 4].map((n) => {
      const [below, body] = update(n);
      return ask('POST', `${at(kind)}${below}`, tag, body);
    }),
  );
  expect(all.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  await back();
});

/** What must not stay as the updates leave it, for those that come after. */
async function back(): Promise<void> {
  await ask('POST', `${at('routes')}/resume`);
  await ask('POST', `${at('alertRules')}/enable`);
  await ask('POST', `${at('tenants')}/resume`);
  for (const action of ['unlock', 'resume']) await ask('POST', `${at('agents')}/${action}`);
  await ask('POST', `${at('accounts')}/role`, {}, { role: 'viewer' });
}

const bodyOf = (id: string): object => (id === 'schedules.update' ? terms(9) : (BODY_EXAMPLES[id] ?? {}));
const TAKING = ENDPOINTS.filter((endpoint) => endpoint.ifMatch !== undefined);

it.each(TAKING.map((endpoint) => [endpoint.id, endpoint] as const))(
  '%s is not done for who has seen another thing',
  async (id, { method, path, ifMatch, params }) => {
    const { action } = (params?.shape ?? {}) as { action?: { options: readonly string[] } };
    const show = ENDPOINTS.find((endpoint) => endpoint.id === ifMatch)!;
    // The operation that shows the thing is above it.
    expect([show.method, path.startsWith(show.path)]).toEqual(['GET', true]);
    const thing = at(ifMatch!.split('.')[0]!);
    const below = path.slice(show.path.length).replace('{version}', '1');
    const before = await tagOf(thing);
    for (const to of action?.options ?? ['']) {
      const asked = `${thing}${below.replace('{action}', to)}${id === 'tenants.delete' ? '?confirm=looked-after' : ''}`;
      for (const tag of ['"x"', `W/${before}`]) {
        const answer = await ask(method, asked, { 'if-match': tag }, bodyOf(id));
        expect(answer).toEqual({ status: 412, code: 'PRECONDITION_FAILED', tag: null });
      }
    }
    expect(await tagOf(thing)).toBe(before);
  },
);

it('one of several tags is enough, and "*" fits whatever is there', async () => {
  const path = at('schedules');
  const any = { 'if-match': `"x", ${await tagOf(path)}` };
  expect((await ask('POST', path, any, terms(20))).status).toBe(200);
  expect((await ask('POST', path, { 'if-match': '*' }, terms(21))).status).toBe(200);
  const made = await ask('POST', '/secrets/new', { 'if-match': '*' }, { value: 'a' });
  expect(made).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' });
  expect((await ask('GET', '/secrets/new')).status).toBe(404);
});

it('an answer that is given again has the tag that it had', async () => {
  const key = { 'idempotency-key': crypto.randomUUID() };
  const first = await ask('POST', at('tenant') + '/retention', key, { jobsDays: 9 });
  const again = await ask('POST', at('tenant') + '/retention', key, { jobsDays: 9 });
  expect([first.status, again]).toEqual([200, first]);
  expect(first.tag).not.toBeNull();
});

it("a provider's secret is not shown, and still a change of it is one", async () => {
  const tag = { 'if-match': await tagOf(at('providers')) };
  await plane.database.owner.transaction((tx) =>
    tx.script(`UPDATE identity_provider SET changed_at = now() + interval '1 second' WHERE id = '${PROVIDER}'`),
  );
  expect((await ask('POST', at('providers'), tag, { name: 'late' })).status).toBe(412);
});

it('what an agent says of itself, and how it is connected, does not make it another one', async () => {
  const before = await tagOf(at('agents'));
  await plane.database.owner.transaction((tx) =>
    tx.script(`UPDATE agent SET capabilities = '{os=linux}', declared = '{floor=2}' WHERE id = '${AGENT}'`),
  );
  expect(await tagOf(at('agents'))).toBe(before);
});

it('what the caller has already is not sent again', async () => {
  const path = '/tenant';
  expect((await ask('GET', path)).status).toBe(200);
  const workflow = (await plane.client.call(api.workflows.list)).items[0]!.id;
  const { tag } = await ask('GET', `/workflows/${workflow}`);
  const known = (header: string) => ask('GET', `/workflows/${workflow}`, { 'if-none-match': header });
  expect([(await known(tag!)).status, (await known(`"x", W/${tag!}`)).status, (await known('*')).status]).toEqual([
    304, 304, 304,
  ]);
  expect((await known('"x"')).status).toBe(200);
});

it('an operation that would not look at If-Match refuses it', async () => {
  const answer = await ask('POST', '/join-tokens', { 'if-match': '"x"' }, {});
  expect(answer).toMatchObject({ status: 400, code: 'IF_MATCH_NOT_TAKEN' });
});
