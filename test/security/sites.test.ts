/**
 * Attack 31, the dimension of sites: somebody whose role holds at one site, and the things of another site of the same tenant. From
 * the table of operations, as in `api.test.ts`: an operation that is new is denied until it is named in `AT_SITES`.
 */
import { allows, api, API_PREFIX, AT_SITES, ENDPOINTS, Role, type Endpoint } from '@casare/shared/api';
import { createClient, type ApiError } from '@casare/shared/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attack } from './attack.ts';
import { MARK, openTwoTenants, type TwoTenants } from './two-tenants.ts';

const HERE = 'here';
const LIMITED = Role.options.filter((role) => role !== 'owner');

let two: TwoTenants;
/** Of each role, at the site `here` alone. */
const keys = new Map<Role, string>();
/** What is here: the ids of a job, an agent and a join token. */
let mine: { readonly job: string; readonly agent: string; readonly token: string };
beforeAll(async () => {
  two = await openTwoTenants();
  const { client, database, admin } = two.plane;
  for (const role of LIMITED) {
    const made = await client.call(api.apiKeys.create, { body: { name: `${role} here`, role, sites: [HERE] } });
    keys.set(role, made.key);
  }
  const workflow = two.things.get('/workflows/')!;
  const job = await client.call(api.jobs.submit, { body: { workflow, site: HERE } });
  const token = await client.call(api.joinTokens.create, { body: { site: HERE } });
  const agent = crypto.randomUUID();
  await database.db.transaction((tx) =>
    tx.script(`INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest, site)
      VALUES ('${admin.tenant}', '${agent}', 'agent here', 'active', 'none', 'here', '${HERE}');
      UPDATE agent SET site = '${MARK}' WHERE name = '${MARK}-agent'`),
  );
  mine = { job: job.id, agent, token: token.id };
});
afterAll(() => two.plane.close());

const at = (role: Role) => createClient({ url: two.plane.url, apiKey: keys.get(role)! });

async function call(endpoint: Endpoint, role: Role, path: string, body = two.bodyOf(endpoint)) {
  const stop = new AbortController();
  const response = await fetch(`${two.plane.url}${API_PREFIX}${path}`, {
    method: endpoint.method,
    headers: { authorization: `Bearer ${keys.get(role)!}`, 'content-type': 'application/json' },
    signal: stop.signal,
    ...(body === undefined ? {} : { body }),
  });
  const text = endpoint.answer === 'events' && response.ok ? '' : await response.text();
  stop.abort();
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
  return { status: response.status, code: isProblem ? (JSON.parse(text) as { code: string }).code : undefined, text };
}

/** What is the whole tenant's, or the caller's own, and not of a site. */
const SHARED = ['/workflows/', '/api-keys/', '/sessions/'];

attack(
  31,
  'each operation by each role at one site, about the real things of another one: nothing is seen, nothing changes',
  [
    {
      file: 'control-plane/migrations/0032_sites.sql',
      find: "FROM unnest(ARRAY['agent', 'join_token', 'route']) AS relation;",
      replace: "FROM unnest(ARRAY['route']) AS relation;",
    },
    {
      file: 'control-plane/src/platform/http/handles.ts',
      find: 'atSites(caller?.sites ?? null, ',
      replace: 'atSites(null, ',
    },
    {
      file: 'shared/src/api/permissions.ts',
      find: '&& ((rights.sites ?? null) === null || AT_SITES.has(id))',
    },
  ],
  async () => {
    // A key's first use is on record.
    for (const role of LIMITED) await at(role).call(api.auth.me);
    const before = await two.rows();
    const wrong: string[] = [];
    for (const endpoint of ENDPOINTS) {
      for (const role of LIMITED) {
        if (endpoint.permission === 'public' || endpoint.id === 'auth.logout') continue;
        const path = two.pathTo(endpoint);
        const names = path !== endpoint.path && !SHARED.some((noun) => path.startsWith(noun));
        // What is made is made here, below.
        if (!names && endpoint.method !== 'GET' && AT_SITES.has(endpoint.id)) continue;
        const { status, code, text } = await call(endpoint, role, path);
        const denied = code === 'PERMISSION_DENIED';
        const may = AT_SITES.has(endpoint.id) && allows({ role, scopes: null }, endpoint.permission);
        const seen =
          text.includes(two.things.get('/jobs/')!) ||
          text.includes(`${MARK}-agent`) ||
          text.includes(`"site":"${MARK}"`);
        const hidden = names ? status === 404 || status === 403 : status < 400;
        // A word of the caller's own is repeated in a refusal.
        const right = may ? hidden && (!seen || (names && status === 404)) : denied;
        if (!right) wrong.push(`${endpoint.id} as ${role} here: ${status} ${code ?? text.slice(0, 200)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await two.rows()).toEqual(before);
  },
);

attack(
  31,
  'who is limited to a site makes nothing at another one, nor anywhere, nor a key that may more',
  [
    {
      file: 'control-plane/src/jobs/submit.service.ts',
      find: 'refusalOfSite(siteOf(workflow, request))',
      replace: 'null',
    },
    { file: 'control-plane/src/trust/join-tokens.service.ts', find: 'refusalOfSite(site)', replace: 'null' },
    {
      file: 'control-plane/src/fleet/agents.service.ts',
      find: 'refusalOfSite(after.site)',
      replace: 'null',
    },
    {
      file: 'shared/src/api/permissions.ts',
      find: 'if (sites !== null && !(inner.sites?.every((site) => sites.includes(site)) ?? false)) return false;',
    },
  ],
  async () => {
    const workflow = two.things.get('/workflows/')!;
    const admin = at('admin');
    const codeOf = async (work: Promise<unknown>) =>
      work.then(
        () => 'done',
        (error: unknown) => (error as ApiError).problem.code,
      );
    for (const site of [undefined, MARK]) {
      expect(await codeOf(admin.call(api.jobs.submit, { body: { workflow, ...(site && { site }) } }))).toBe(
        'SITE_DENIED',
      );
      expect(await codeOf(admin.call(api.joinTokens.create, { body: { ...(site && { site }) } }))).toBe('SITE_DENIED');
    }
    // Nobody moves an agent to where they may nothing, nor out of a site that is not theirs: that one they do not see.
    for (const site of [null, MARK]) {
      const moved = admin.call(api.agents.update, { params: { id: mine.agent }, body: { site } });
      expect(await codeOf(moved)).toBe('SITE_DENIED');
    }
    const theirs = { params: { id: two.things.get('/agents/')! }, body: { site: HERE } };
    expect(await codeOf(admin.call(api.agents.update, theirs))).toBe('AGENT_NOT_FOUND');
    const key = (more: object) => codeOf(admin.call(api.apiKeys.create, { body: { name: 'more', ...more } }));
    expect(await key({ sites: [HERE, MARK] })).toBe('ABOVE_YOURSELF');
    // Without sites it has those of its maker.
    const inherited = await admin.call(api.apiKeys.create, { body: { name: 'inherited' } });
    expect(inherited.sites).toEqual([HERE]);
    // The control: at their own site they do all this.
    expect((await admin.call(api.jobs.submit, { body: { workflow, site: HERE } })).state).toBe('pending');
    expect(await codeOf(admin.call(api.joinTokens.create, { body: { site: HERE } }))).toBe('done');
    const named = { params: { id: mine.agent }, body: { name: 'named here', site: HERE } };
    expect(await admin.call(api.agents.update, named)).toMatchObject({ name: 'named here' });
  },
);

test('what is at their site is seen and steered, in REST and GraphQL, and lists hold nothing else', async () => {
  const operator = at('operator');
  const jobs = await operator.call(api.jobs.list, { query: {} });
  expect(jobs.items.map(({ id }) => id)).toContain(mine.job);
  expect(jobs.items.every(({ requirements }) => requirements.site === HERE)).toBe(true);
  expect((await operator.call(api.agents.list, { query: {} })).items.map(({ id }) => id)).toEqual([mine.agent]);
  expect((await at('admin').call(api.joinTokens.list, { query: {} })).items.every(({ site }) => site === HERE)).toBe(
    true,
  );
  expect(await operator.call(api.jobs.whyPending, { params: { id: mine.job } })).toMatchObject({
    agents: [{ id: mine.agent }],
  });
  expect(await operator.call(api.auth.me)).toMatchObject({ sites: [HERE] });
  // The dead letter is of no site, and the whole tenant's.
  expect((await two.plane.client.call(api.deadLetters.counts, {})).total).toBe(1);
  expect(await operator.call(api.deadLetters.counts, {})).toMatchObject({ total: 0, workflows: [] });
  const paused = await operator.call(api.agents.act, { params: { id: mine.agent, action: 'pause' } });
  expect(paused.state).toBe('paused');
  const asked = `{ jobs(limit: 50) { items { id } } agents(limit: 50) { items { id } } job(id: "${two.things.get('/jobs/')!}") { id } }`;
  const response = await fetch(`${two.plane.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys.get('operator')!}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: asked }),
  });
  const text = await response.text();
  expect(text).toContain(mine.job);
  expect(text).toContain(mine.agent);
  expect(text).toContain('JOB_NOT_FOUND');
  expect(text).not.toContain(two.things.get('/agents/')!);
  expect((await operator.call(api.jobs.cancel, { params: { id: mine.job } })).state).toBe('cancelled');
});
