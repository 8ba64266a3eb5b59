/** Quotas of tenants where they are felt: on a whole control plane, with real tunnels. */
import { api } from '@casare/shared/api';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connect, enrol, type Scene } from './fleet/testing.ts';
import { sql } from './platform/database/index.ts';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';
import * as tenants from './testing-tenants.ts';
import { begin, codeOf, complete, JOB, newAgent, sceneOf, sendFile, stateIs } from './testing-tenants.ts';

const forget = sql<never, [job: string, name: string]>(
  'testForgetFile',
  'DELETE FROM artifact WHERE job_id = $1 AND name = $2',
);
const SLOTS = { plain: 8, browser: 0, desktop: 0 };

let plane: TestControlPlane;
let scene: Scene;
beforeAll(async () => {
  plane = await startTestControlPlane();
  scene = await sceneOf(plane);
});
afterAll(() => plane.close());

const find = (tenant: string) => plane.client.call(api.tenants.get, { params: { tenant } });
const newTenant = (id: string) => tenants.newTenant(plane, id);
const quotas = (tenant: string, body: Parameters<typeof tenants.setQuotas>[2]) =>
  tenants.setQuotas(plane, tenant, body);

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
    const tunnel = await connect(scene, await newAgent(scene, client), { slots: SLOTS });
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
    const [waits, works] = [
      await connect(scene, await newAgent(scene, full), { slots: SLOTS }),
      await connect(scene, await newAgent(scene, free), { slots: SLOTS }),
    ];
    await full.call(api.jobs.submitBulk, { body: { jobs: Array.from({ length: 500 }, () => JOB) } });
    const { ids } = await free.call(api.jobs.submitBulk, { body: { jobs: [1, 2, 3].map(() => JOB) } });
    for (const id of ids) await begin(works, id);
    expect(waits.received.filter(({ type }) => type === 'job.assign')).toEqual([]);
    await Promise.all([waits.close(), works.close()]);
  });
});

describe('agents: a quota below what is there', () => {
  test('lets none in and none that waits work; those that work stay, and it approves again when others are gone', async () => {
    const client = await newTenant('fewer');
    const body = { uses: 3, autoApprove: false };
    const { token } = await client.call(api.joinTokens.create, { body });
    const [first, second, third] = [
      await enrol(scene, token),
      await enrol(scene, token),
      await enrol(scene, token),
    ] as const;
    const act = (id: string, action: 'approve' | 'decommission') =>
      client.call(api.agents.act, { params: { id, action } });
    await act(first.agentId, 'approve');
    await quotas('fewer', { agents: 2 });
    expect(await codeOf(act(second.agentId, 'approve'))).toBe('QUOTA_AGENTS');
    await expect(act(second.agentId, 'approve')).rejects.toThrow(/2 agents may be enrolled, and 3 are/);
    // Done already: the same as once.
    expect((await act(first.agentId, 'approve')).state).toBe('active');
    await (await connect(scene, first)).close();
    const { token: more } = await client.call(api.joinTokens.create, { body: { autoApprove: true } });
    await expect(enrol(scene, more)).rejects.toThrow('QUOTA_AGENTS');
    expect(await client.call(api.tenant.get)).toMatchObject({ quotas: { agents: 2 }, use: { agents: 3 } });
    await act(third.agentId, 'decommission');
    expect((await act(second.agentId, 'approve')).state).toBe('active');
  });
});

describe('jobs at once: a quota below what runs', () => {
  test('ends nothing and begins nothing until enough have ended', async () => {
    const client = await newTenant('slower');
    const tunnel = await connect(scene, await newAgent(scene, client), { slots: SLOTS });
    const { ids } = await client.call(api.jobs.submitBulk, { body: { jobs: [JOB, JOB, JOB] } });
    for (const id of ids) await begin(tunnel, id);
    await quotas('slower', { concurrentJobs: 1 });
    const { id: waits } = await client.call(api.jobs.submit, { body: JOB });
    const why = () => client.call(api.jobs.whyPending, { params: { id: waits } });
    await vi.waitFor(async () => {
      expect((await why()).heldBy).toEqual({ code: 'QUOTA_CONCURRENT_JOBS', limit: 1, used: 3 });
    }, 10_000);
    for (const id of ids.slice(0, 2)) {
      complete(tunnel, id, 2);
      await stateIs(client, id, 'succeeded');
    }
    expect((await why()).heldBy).toEqual({ code: 'QUOTA_CONCURRENT_JOBS', limit: 1, used: 1 });
    expect(tunnel.received.filter(({ type }) => type === 'job.assign')).toHaveLength(3);
    complete(tunnel, ids[2]!, 2);
    await begin(tunnel, waits);
    complete(tunnel, waits, 2);
    await stateIs(client, waits, 'succeeded');
    await tunnel.close();
  });
});

describe('bytes', () => {
  test('are refused by the size that is announced, before one is sent; lowered below use too; freed ones let others in', async () => {
    const client = await newTenant('full-store');
    const tunnel = await connect(scene, await newAgent(scene, client), { slots: SLOTS });
    const { id } = await client.call(api.jobs.submit, { body: JOB });
    await begin(tunnel, id);
    let stream = 0;
    const send = (name: string, bytes: number, kind?: 'screenshot') =>
      sendFile(tunnel, id, { stream: ++stream, name, content: Buffer.alloc(bytes, name), ...(kind && { kind }) });
    expect(await send('first', 600)).toHaveProperty('stored');
    await quotas('full-store', { storedBytes: 1_000 });
    const refused = await vi.waitFor(async () => {
      const answer = await send('second', 600);
      if (!('refused' in answer)) throw new Error('this replica has not looked yet');
      return answer;
    }, 10_000);
    expect(refused).toMatchObject({ refused: 'QUOTA_STORED_BYTES' });
    expect(refused.reason).toMatch(
      /1000 bytes may be stored, and \d+ are; 600 more do not fit\..*operator of the platform/,
    );
    // Told nobody of a place for it.
    expect(tunnel.received.some((message) => message.type === 'artifact.credit' && message.stream === stream)).toBe(
      false,
    );
    // That something is missing is told all the same.
    expect(await send('a.png.QUOTA_STORED_BYTES.lost.json', 200, 'screenshot')).toHaveProperty('stored');
    expect(await send('b.png.QUOTA_STORED_BYTES.lost.json', 5_000, 'screenshot')).toHaveProperty('refused');
    await quotas('full-store', { storedBytes: 100 });
    await vi.waitFor(async () => expect(await send('third', 1)).toHaveProperty('refused'), 10_000);
    const { use, quotas: limits } = await client.call(api.tenant.get);
    expect([limits.storedBytes, use.storedBytes >= 800]).toEqual([100, true]);
    // A file of the same name replaces the one there is; what is freed is used as soon as it is counted.
    await quotas('full-store', { storedBytes: 100_000 });
    await vi.waitFor(async () => expect(await send('first', 5)).toHaveProperty('stored'), 10_000);
    const left = (await client.call(api.tenant.get)).use.storedBytes;
    await quotas('full-store', { storedBytes: left + 10 });
    await vi.waitFor(async () => expect(await send('fourth', 600)).toHaveProperty('refused'), 10_000);
    await plane.database.db.execute(forget(id, 'first'));
    await vi.waitFor(async () => expect(await send('fifth', 12)).toHaveProperty('stored'), 10_000);
    await tunnel.close();
  });
});
