/**
 * Every list of the API, page after page, on a whole control plane: nothing is left out or shown twice in either order, also
 * when something is inserted meanwhile, and a cursor goes with its list, its order and its filters only.
 */
import { api, API_PREFIX, BODY_EXAMPLES, ENDPOINTS, type Endpoint } from '@casare/shared/api';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

/** Lists whose things only a fleet or a whole rotation makes; they are paged in their own tests. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'rotations.stragglers': 'fleet/rotation.test.ts',
  'secrets.recipients': 'secrets/sealed.test.ts',
};
const lists = ENDPOINTS.filter(({ id, list }) => list !== undefined && !(id in ELSEWHERE));
const THREE = [1, 2, 3] as const;

let plane: TestControlPlane;
/** By the beginning of the path, what stands in its parameter. */
const things = new Map<string, string>();
beforeAll(async () => {
  plane = await startTestControlPlane();
  await makeThree();
}, 60_000);
afterAll(() => plane.close());

interface Shown {
  readonly items: readonly Record<string, unknown>[];
  readonly nextCursor: string | null;
  readonly link: string | null;
  readonly code?: string;
}

async function ask(endpoint: Endpoint, query: Record<string, string> = {}): Promise<Shown> {
  return follow(`${API_PREFIX}${pathOf(endpoint)}?${new URLSearchParams(query).toString()}`);
}

async function follow(path: string): Promise<Shown> {
  const headers = { authorization: `Bearer ${plane.admin.apiKey}` };
  const response = await fetch(`${plane.url}${path}`, { headers });
  return { ...((await response.json()) as Shown), link: response.headers.get('link') };
}

function pathOf({ id, path }: Endpoint): string {
  const at = path.indexOf('{');
  if (at < 0) return path;
  const thing = things.get(path.slice(0, at));
  if (thing === undefined) throw new Error(`${id}: make three of them in makeThree`);
  return path.replace(/\{\w+\}/, thing);
}

/** What tells an item from others. */
const keyOf = (item: Record<string, unknown>): string =>
  JSON.stringify(
    ['id', 'agentId', 'serial', 'position', 'version', 'name', 'attempt', 'seq'].map((name) => item[name]),
  );

/** All items, one a page, by the links of the answers. */
async function walk(endpoint: Endpoint, sort: string, meanwhile?: () => Promise<unknown>): Promise<string[]> {
  const found: string[] = [];
  let page = await ask(endpoint, { limit: '1', sort });
  for (;;) {
    found.push(...page.items.map(keyOf));
    if (page.link === null) return found;
    const next = /^<(.*)>; rel="next"$/.exec(page.link)![1]!;
    expect(new URLSearchParams(next.split('?')[1]).get('cursor')).toBe(page.nextCursor);
    await meanwhile?.();
    page = await follow(next);
    expect(page.code).toBeUndefined();
  }
}

describe.each(lists.map((endpoint) => [endpoint.id, endpoint] as const))('%s', (id, endpoint) => {
  const sorts = endpoint.list!.sort;

  it('shows each thing once, one page after the other, in each of its orders', async () => {
    for (const sort of sorts) {
      const whole = (await ask(endpoint, { limit: '200', sort })).items.map(keyOf);
      expect(whole.length).toBeGreaterThan(2);
      expect(await walk(endpoint, sort)).toEqual(whole);
      const other = sort.startsWith('-') ? sort.slice(1) : `-${sort}`;
      if (sorts.includes(other)) {
        const back = (await ask(endpoint, { limit: '200', sort: other })).items.map(keyOf);
        expect(back).toEqual(whole.toReversed());
      }
    }
  });

  it('refuses a cursor that no list gave, of another order, or of another list', async () => {
    const { nextCursor } = await ask(endpoint, { limit: '1' });
    const elsewhere = lists.find((other) => other.id !== id)!;
    const { nextCursor: foreign } = await ask(elsewhere, { limit: '1' });
    const wrong = [{ cursor: 'x' }, { cursor: foreign! }];
    const orders = sorts.slice(1).map((sort) => ({ cursor: nextCursor!, sort }));
    for (const query of [...wrong, ...orders]) {
      expect([query, (await ask(endpoint, query)).code]).toEqual([query, 'CURSOR_INVALID']);
    }
    expect((await ask(endpoint, { sort: 'id; DROP' })).code).toBe('REQUEST_INVALID');
  });
});

it('a cursor goes with the filters that it was given for', async () => {
  const q = 'three';
  const { nextCursor } = await ask(api.agents.list, { limit: '1', q });
  expect((await ask(api.agents.list, { cursor: nextCursor!, q })).items).toHaveLength(2);
  expect(await ask(api.agents.list, { cursor: nextCursor! })).toMatchObject({ code: 'CURSOR_INVALID' });
  expect(await ask(api.agents.list, { cursor: nextCursor!, q: 'other' })).toMatchObject({ code: 'CURSOR_INVALID' });
});

it('what is made while somebody pages neither shifts nor repeats anything', async () => {
  const whole = (await ask(api.joinTokens.list, { sort: 'createdAt' })).items.map(keyOf);
  let made = 0;
  const more = async () => (made++ < 2 ? plane.client.call(api.joinTokens.create, { body: {} }) : null);
  expect((await walk(api.joinTokens.list, '-createdAt', more)).toReversed()).toEqual(whole);
});

it('filters narrow a list by the same names everywhere', async () => {
  const names = async (endpoint: Endpoint, query: Record<string, string>, name = 'name') =>
    (await ask(endpoint, query)).items.map((item) => item[name]);
  expect(await names(api.agents.list, { q: 'THREE-2' })).toEqual(['three-2']);
  expect(await names(api.agents.list, { tag: 'rack=1' })).toEqual(['three-1']);
  expect(await names(api.agents.list, { site: 'site-3', state: 'active' })).toEqual(['three-3']);
  expect(await names(api.agents.list, { state: 'locked', q: 'three' })).toEqual([]);
  expect(await names(api.joinTokens.list, { tag: 'rack=2' }, 'site')).toEqual(['site-2']);
  expect(await names(api.routes.list, { site: 'site-1' }, 'site')).toEqual(['site-1']);
  expect(await names(api.schedules.list, { q: 'E-1' })).toEqual(['three-1']);
  expect(await names(api.alertChannels.list, { q: 'three-2' })).toEqual(['three-2']);
  expect(await names(api.accounts.list, { role: 'viewer', q: 'three-3' }, 'email')).toEqual(['three-3@example.com']);
  const later = new Date(Date.now() + 3_600_000).toISOString();
  for (const endpoint of lists.filter(({ list }) => list!.filters.includes('createdAfter'))) {
    expect([endpoint.id, (await ask(endpoint, { createdAfter: later })).items.length]).toEqual([endpoint.id, 0]);
    expect((await ask(endpoint, { createdBefore: later })).items.length).toBeGreaterThan(2);
  }
  expect((await ask(api.jobs.list, { site: 'site-2' })).items).toHaveLength(1);
  expect((await ask(api.jobs.list, { site: 'nowhere' })).items).toEqual([]);
});

/** Three of everything that is listed. */
async function makeThree(): Promise<void> {
  const { client, admin, database } = plane;
  const source = (n: number, version: string) => ({
    ...(BODY_EXAMPLES['workflows.push'] as object),
    document: { dsl: '1.0.3', namespace: 'a', name: `three-${n}`, version },
  });
  for (const n of THREE) {
    const name = `three-${n}`;
    const workflow = await client.call(api.workflows.push, { body: source(n, '1.0.0') });
    if (n === 3) things.set('/workflows/', workflow.id);
    const job = await client.call(api.jobs.submit, { body: { workflow: workflow.id, input: {}, site: `site-${n}` } });
    things.set('/jobs/', job.id);
    await client.call(api.accounts.invite, { body: { email: `${name}@example.com`, role: 'viewer' } });
    await client.call(api.apiKeys.create, { body: { name, role: 'viewer' } });
    await client.call(api.joinTokens.create, { body: { site: `site-${n}`, tags: [`rack=${n}`] } });
    const body = { scope: 'site' as const, target: name, reason: name, times: { kind: 'always' as const } };
    await client.call(api.maintenance.create, { body });
    const { channel } = await client.call(api.alertChannels.create, {
      body: { kind: 'webhook', name, url: 'https://three.example/hook' },
    });
    const rule = { kind: 'certificate.expiring' as const, name, channels: [channel.id], enabled: false };
    await client.call(api.alertRules.create, { body: rule });
    await client.call(api.secrets.set, { params: { name }, body: { value: name } });
    await client.call(api.secrets.set, { params: { name: 'three-1' }, body: { value: name } });
    const schedule = await client.call(api.schedules.create, {
      body: { name, cron: '0 6 * * *', job: { workflow: 'a/three-1' }, enabled: false },
    });
    things.set('/schedules/', schedule.id);
    const { code } = await client.call(api.auth.createSignInCode);
    const headers = { 'content-type': 'application/json' };
    await fetch(`${plane.url}/api/v1/auth/login`, { method: 'POST', headers, body: JSON.stringify({ code }) });
  }
  for (const version of ['1.0.1', '1.0.2']) await client.call(api.workflows.push, { body: source(3, version) });
  things.set('/secrets/', 'three-1');
  const { tenant } = admin;
  await database.owner.transaction((tx) =>
    tx.script(byHand(tenant, things.get('/jobs/')!, things.get('/schedules/')!)),
  );
  for (const n of THREE) {
    await client.call(api.locks.create, { body: { kind: 'serial', target: `c0ffee0${n}`, reason: 'three' } });
  }
  // The audit log's chain follows its entries.
  await vi.waitFor(async () => {
    const { items } = await ask(api.audit.list, { sort: '-position', limit: '200' });
    expect(items.filter(({ action }) => action === 'lock.created')).toHaveLength(3);
  }, 10_000);
}

/** What comes to be only by agents, people at a provider, or time. */
function byHand(tenant: string, job: string, schedule: string): string {
  const agent = (n: number) => `0198a7c0-0000-7000-8000-00000000000${n}`;
  const each = (of: (n: number) => string) => THREE.map(of).join(';\n');
  return `${each(
    (n) => `
    INSERT INTO tenant (id, name) VALUES ('three-${n}', 'three-${n}');
    INSERT INTO agent (tenant_id, id, name, state, site, declared, join_token_id, key_digest)
      VALUES ('${tenant}', '${agent(n)}', 'three-${n}', 'active', 'site-${n}', '{rack=${n}}', 'none', 'three-${n}');
    INSERT INTO agent_certificate (tenant_id, serial, agent_id, ca_id, state, certificate_pem, not_after)
      SELECT '${tenant}', 'c0ffee0${n}', '${agent(n)}', id, 'current', 'x', now() + interval '1 day'
      FROM certificate_authority LIMIT 1;
    INSERT INTO job_attempt (tenant_id, job_id, attempt, generation, agent_id)
      VALUES ('${tenant}', '${job}', ${n}, 1, '${agent(n)}');
    INSERT INTO job_step (tenant_id, job_id, attempt, seq, position, path, name, task, effect, state, started_at)
      VALUES ('${tenant}', '${job}', 1, ${n}, '/do/${n}/a', '/do/${n}/a', 'a', 'set', 'idempotent', 'completed', now());
    INSERT INTO job_event (tenant_id, job_id, attempt, seq, at, body)
      VALUES ('${tenant}', '${job}', 1, ${n}, now(), '{"type": "run.log", "level": "info", "message": "three"}');
    INSERT INTO artifact (tenant_id, id, job_id, attempt, name, kind, media_type, bytes, sha256)
      VALUES ('${tenant}', gen_random_uuid(), '${job}', 1, 'three-${n}.txt', 'output', 'text/plain', 1, '${'0'.repeat(64)}');
    INSERT INTO alert (tenant_id, id, rule_id, cause, title, detail, raised_at, last_at)
      SELECT '${tenant}', gen_random_uuid(), id, 'three-${n}', 'three', '{}', now(), now() FROM alert_rule LIMIT 1;
    INSERT INTO schedule_firing (tenant_id, schedule_id, id, cause, due_at, fired_at, outcome)
      VALUES ('${tenant}', '${schedule}', gen_random_uuid(), 'person', now(), now(), 'skipped');
    INSERT INTO audit_checkpoint (tenant_id, position, hash, at, public_key, signature)
      VALUES ('${tenant}', 100${n}, decode('${'0'.repeat(64)}', 'hex'), now(), 'AAAA', 'AAAA');
    INSERT INTO authority_request (id, kind, csr_pem, sealed_key, created_by, created_at)
      VALUES (gen_random_uuid(), 'server_ca', 'x', '', 'system', now() + interval '${n} minutes');
    INSERT INTO identity_provider (tenant_id, id, kind, name, issuer, client_id, groups_claim, link_by_email,
        trust_email, created_at, changed_at)
      VALUES ('${tenant}', gen_random_uuid(), 'oidc', 'three-${n}', 'https://three.example', '${n}', 'groups', false,
        false, now(), now());
    INSERT INTO ca_rotation (id, kind, phase, trust_rev, old_id, new_id, seen_days, started_by, ended_at, outcome)
      SELECT gen_random_uuid(), 'agent_root', 'standby', 1, id, id, 30, 'system', now(), 'completed'
      FROM certificate_authority WHERE kind = 'agent_root' LIMIT 1`,
  )};
  UPDATE job SET state = 'failed', dead_letter = 'permanent', ended_at = now(), attempt = 1, agent_id = '${agent(1)}'
    WHERE tenant_id = '${tenant}' AND state = 'pending'`;
}
