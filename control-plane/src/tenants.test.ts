/**
 * Tenants on a whole control plane, with real tunnels: made, suspended, resumed, and their quotas where they are felt. Two
 * tenants at once: what is done to one does not touch the other.
 */
import { api } from '@casare/shared/api';
import { ApiError, createClient, type Client } from '@casare/shared/client';
import { CLOSE, type RunEventBody } from '@casare/shared/protocol';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connect, dial, enrol, type Scene, type TestIdentity, type TestTunnel } from './fleet/testing.ts';
import { sql } from './platform/database/index.ts';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

const serverRoot = sql<{ pem: string }, []>(
  'testServerRoot',
  `SELECT certificate_pem AS pem FROM certificate_authority WHERE kind = 'server_root'`,
);
const auditOf = sql<{ actor: string; action: string }, [tenant: string]>(
  'testAuditOf',
  `SELECT actor, action FROM audit_event WHERE tenant_id = $1 ORDER BY seq`,
);
const DOCUMENT = {
  document: { dsl: '1.0.3', namespace: 'test', name: 'plain', version: '1.0.0' },
  do: [{ act: { set: { done: true } } }],
};
const JOB = { workflow: 'test/plain' };

let plane: TestControlPlane;
let scene: Scene;
beforeAll(async () => {
  plane = await startTestControlPlane();
  const [root] = await plane.database.db.query(serverRoot());
  const port = (url: string) => Number(new URL(url).port);
  const ports = { web: port(plane.urls.web), enrol: port(plane.urls.enrol), tunnel: port(plane.urls.tunnel) };
  // What the helpers of the fleet look at.
  scene = { ports, trust: { gateway: { presented: { anchors: [root!.pem] } } } } as unknown as Scene;
});
afterAll(() => plane.close());

const operator = (): Client => plane.client;
const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof ApiError) return error.problem.code;
    throw error;
  }
};
const find = (tenant: string) => operator().call(api.tenants.get, { params: { tenant } });
const suspend = (tenant: string) =>
  operator().call(api.tenants.suspend, { params: { tenant }, body: { reason: 'not paid' } });
const resume = (tenant: string) => operator().call(api.tenants.resume, { params: { tenant } });
const quotas = (tenant: string, body: object) => operator().call(api.tenants.setQuotas, { params: { tenant }, body });

/** A tenant with an owner's client and a workflow that any agent runs. */
async function newTenant(id: string): Promise<Client> {
  await operator().call(api.tenants.create, { body: { id, name: id, owner: `owner@${id}.example` } });
  const client = createClient({ url: plane.url, apiKey: await plane.keyOf('owner', id) });
  await client.call(api.workflows.push, { body: DOCUMENT });
  return client;
}

async function newAgent(client: Client): Promise<TestIdentity> {
  const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true } });
  return enrol(scene, token);
}

/** Takes an assignment and says that its step has begun. */
async function begin(tunnel: TestTunnel, id: string): Promise<void> {
  const { attempt } = await tunnel.next('job.assign', ({ jobId }) => jobId === id);
  tunnel.send({ type: 'job.accepted', jobId: id, attempt });
  record(tunnel, id, 1, { type: 'run.started', resumed: false });
}

function record(tunnel: TestTunnel, jobId: string, seq: number, body: RunEventBody): void {
  tunnel.send({ type: 'run.events', jobId, attempt: 1, events: [{ seq, at: new Date().toISOString(), body }] });
}

function complete(tunnel: TestTunnel, jobId: string, seq: number): void {
  record(tunnel, jobId, seq, { type: 'run.completed', output: { done: true } });
}

const stateIs = (client: Client, id: string, state: string) =>
  vi.waitFor(async () => {
    expect((await client.call(api.jobs.get, { params: { id } })).state).toBe(state);
  }, 20_000);

describe('a tenant', () => {
  test('is made with an owner who is invited and a CA of its own, and audited in both logs', async () => {
    const body = { id: 'made', name: 'Made Ltd.', owner: 'ann@made.example', quotas: { agents: 3 } };
    const { tenant, invitation } = await operator().call(api.tenants.create, { body });
    expect(tenant).toMatchObject({
      ...{ id: 'made', name: 'Made Ltd.', state: 'active', operator: false },
      trustDomain: 't-made.casare.internal',
      quotas: { agents: 3, concurrentJobs: null, queuedJobs: null, storedBytes: null },
      use: { agents: 0, concurrentJobs: 0, queuedJobs: 0, storedBytes: 0 },
    });
    expect(tenant.agentCa).not.toBeNull();
    const accept = await fetch(`${plane.url}/api/v1/auth/invitation`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: invitation.url.split('#token=')[1], password: 'a long new password' }),
    });
    expect(await accept.json()).toMatchObject({ tenant: 'made', role: 'owner' });
    const [own, installation] = await Promise.all(
      ['made', '_installation'].map((log) => plane.database.db.query(auditOf(log))),
    );
    const made = own!.find(({ action }) => action === 'tenant.created')!;
    expect(made.actor).toMatch(/^platform:key:/);
    expect(installation!.map(({ action }) => action)).toContain('tenant.created');
    expect(own!.map(({ action }) => action)).toEqual(expect.arrayContaining(['ca.created', 'account.invited']));

    expect(await codeOf(operator().call(api.tenants.create, { body }))).toBe('TENANT_EXISTS');
    const taken = { ...body, id: 'made-2' };
    expect(await codeOf(operator().call(api.tenants.create, { body: taken }))).toBe('ACCOUNT_EXISTS');
    // Without its owner it was not made.
    expect(await codeOf(find('made-2'))).toBe('TENANT_NOT_FOUND');
  });

  test('is seen by its own people, and by nobody else who is no operator', async () => {
    const client = await newTenant('seen');
    expect(await client.call(api.tenant.get)).toMatchObject({ id: 'seen', state: 'active' });
    const codes = await Promise.all([
      codeOf(client.call(api.tenants.list)),
      codeOf(client.call(api.tenants.get, { params: { tenant: 'seen' } })),
      codeOf(client.call(api.tenants.suspend, { params: { tenant: 'default' }, body: { reason: 'x' } })),
    ]);
    expect(new Set(codes)).toEqual(new Set(['PERMISSION_DENIED']));
    // An owner of the operator's tenant who is no operator is none either.
    const owner = createClient({ url: plane.url, apiKey: await plane.keyOf('owner') });
    expect(await codeOf(owner.call(api.tenants.list))).toBe('PERMISSION_DENIED');
    const { items } = await operator().call(api.tenants.list);
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining(['default', 'seen']));
    expect(await codeOf(suspend('default'))).toBe('TENANT_IS_OPERATORS');
  });

  test('that is suspended has no tunnel and changes nothing; resumed, its run goes on and ends once', async () => {
    const [acme, other] = [await newTenant('acme'), await newTenant('other')];
    const [agent, bystander] = [await newAgent(acme), await newAgent(other)];
    const [tunnel, elsewhere] = [await connect(scene, agent), await connect(scene, bystander)];
    const { id: job } = await acme.call(api.jobs.submit, { body: JOB });
    await begin(tunnel, job);
    await stateIs(acme, job, 'running');
    const { id: waiting } = await acme.call(api.jobs.submit, { body: { ...JOB, requires: ['never=here'] } });

    expect(await suspend('acme')).toMatchObject({ state: 'suspended', stateReason: 'not paid' });
    expect(await tunnel.ended).toBe(CLOSE.suspended);
    expect(await dial(scene, agent).ended).toBe(CLOSE.suspended);
    expect(await codeOf(acme.call(api.jobs.submit, { body: JOB }))).toBe('TENANT_SUSPENDED');
    expect(await codeOf(suspend('acme'))).toBe('TENANT_WRONG_STATE');
    await stateIs(acme, job, 'running');
    await stateIs(acme, waiting, 'pending');
    // The other tenant has felt nothing.
    const { id: theirs } = await other.call(api.jobs.submit, { body: JOB });
    await begin(elsewhere, theirs);
    complete(elsewhere, theirs, 2);
    await stateIs(other, theirs, 'succeeded');

    expect(await resume('acme')).toMatchObject({ state: 'active', stateReason: '' });
    const runs = [{ jobId: job, attempt: 1, lastSeq: 1, phase: 'running' as const }];
    const back = await vi.waitFor(() => connect(scene, agent, { epoch: 2, runs }), 20_000);
    expect((await back.next('welcome')).runs).toMatchObject([{ jobId: job, verdict: 'continue' }]);
    complete(back, job, 2);
    await stateIs(acme, job, 'succeeded');
    const done = await acme.call(api.jobs.get, { params: { id: job } });
    expect(done).toMatchObject({ attempt: 1, output: { done: true } });
    expect(back.received.filter(({ type }) => type === 'job.assign')).toEqual([]);
    await Promise.all([back.close(), elsewhere.close()]);
  });

  test('that is suspended takes no new agent, whatever token is held', async () => {
    const client = await newTenant('closed');
    const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true } });
    await suspend('closed');
    await expect(enrol(scene, token)).rejects.toThrow('TENANT_SUSPENDED');
    await resume('closed');
    await enrol(scene, token);
  });
});

describe('a quota', () => {
  test('of agents is kept also when several join at once; a refusal uses no token up', async () => {
    const client = await newTenant('few-agents');
    await quotas('few-agents', { agents: 2 });
    const body = { autoApprove: true, uses: 4, hosts: ['test-host'] };
    const { token } = await client.call(api.joinTokens.create, { body });
    const joined = await Promise.allSettled([1, 2, 3, 4].map(() => enrol(scene, token)));
    const refused = joined.filter((one): one is PromiseRejectedResult => one.status === 'rejected');
    expect(refused).toHaveLength(2);
    for (const { reason } of refused) {
      expect(String(reason)).toContain('QUOTA_AGENTS');
      expect(String(reason)).toMatch(/2 agents may be enrolled, and 2 are/);
      expect(String(reason)).toContain('operator of the platform');
    }
    await quotas('few-agents', { agents: 3 });
    await enrol(scene, token);
    expect((await find('few-agents')).use.agents).toBe(3);
  });

  test('of waiting jobs says what the limit is, and lets in again what fits', async () => {
    const client = await newTenant('short-queue');
    await quotas('short-queue', { queuedJobs: 3 });
    // Until this replica has looked.
    await vi.waitFor(async () => {
      const bulk = client.call(api.jobs.submitBulk, { body: { jobs: [JOB, JOB, JOB, JOB] } });
      expect(await codeOf(bulk)).toBe('QUOTA_QUEUED_JOBS');
    }, 10_000);
    const { ids } = await client.call(api.jobs.submitBulk, { body: { jobs: [JOB, JOB, JOB] } });
    expect(await codeOf(client.call(api.jobs.submit, { body: JOB }))).toBe('QUOTA_QUEUED_JOBS');
    await client.call(api.jobs.cancel, { params: { id: ids[0]! } });
    await vi.waitFor(async () => {
      expect(await codeOf(client.call(api.jobs.submit, { body: JOB }))).toBe('OK');
    }, 20_000);
    expect((await find('short-queue')).use.queuedJobs).toBe(3);
  });

  test('of jobs at once lets others begin as they end, and at once when it is raised', async () => {
    const client = await newTenant('few-jobs');
    await quotas('few-jobs', { concurrentJobs: 1 });
    const tunnel = await connect(scene, await newAgent(client), { slots: { plain: 8, browser: 0, desktop: 0 } });
    const { ids } = await client.call(api.jobs.submitBulk, { body: { jobs: [1, 2, 3, 4, 5].map(() => JOB) } });
    const assigned = () => tunnel.received.filter(({ type }) => type === 'job.assign').length;
    await begin(tunnel, ids[0]!);
    await stateIs(client, ids[0]!, 'running');
    expect(assigned()).toBe(1);
    complete(tunnel, ids[0]!, 2);
    await begin(tunnel, ids[1]!);
    expect((await find('few-jobs')).use.concurrentJobs).toBe(1);
    await quotas('few-jobs', { concurrentJobs: null });
    for (const id of ids.slice(2)) await begin(tunnel, id);
    expect(assigned()).toBe(5);
    await tunnel.close();
  });

  test('that is used up keeps nobody else waiting', async () => {
    const [full, free] = [await newTenant('full'), await newTenant('free')];
    await quotas('full', { concurrentJobs: 0 });
    const slots = { plain: 8, browser: 0, desktop: 0 };
    const [waits, works] = [
      await connect(scene, await newAgent(full), { slots }),
      await connect(scene, await newAgent(free), { slots }),
    ];
    await full.call(api.jobs.submitBulk, { body: { jobs: Array.from({ length: 500 }, () => JOB) } });
    const { ids } = await free.call(api.jobs.submitBulk, { body: { jobs: [1, 2, 3].map(() => JOB) } });
    for (const id of ids) await begin(works, id);
    expect(waits.received.filter(({ type }) => type === 'job.assign')).toEqual([]);
    await Promise.all([waits.close(), works.close()]);
  });
});
