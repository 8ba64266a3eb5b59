/** The quota of jobs at once over two replicas: never exceeded, whoever claims, and every job ends once. */
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Jobs } from './jobs/index.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './jobs/testing.ts';
import { systemClock } from './platform/clock.ts';
import { sql } from './platform/database/index.ts';
import { silentLog } from './platform/log.ts';
import { Quotas } from './tenants/index.ts';

const at = '2026-01-01T00:00:00.000Z';
const numbered = (...bodies: RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ seq: index + 1, at, body }));
const WHOLE = numbered({ type: 'run.started', resumed: false }, { type: 'run.completed', output: {} });
const QUOTA = 3;

const setQuota = sql<never, [jobs: number | null]>(
  'testSetQuota',
  `INSERT INTO tenant_quota (tenant_id, concurrent_jobs) VALUES ('default', $1)
   ON CONFLICT (tenant_id) DO UPDATE SET concurrent_jobs = $1`,
);
const moveTenant = sql<never, [state: string]>('testMoveTenant', `UPDATE tenant SET state = $1 WHERE id = 'default'`);
const leases = sql<{ n: number }, []>('testCountLeases', 'SELECT count(*)::int AS n FROM job_lease');
const addLease = sql<never, []>(
  'testAddLease',
  `INSERT INTO job_lease (tenant_id, job_id, attempt, agent_id, slot)
   VALUES ('default', gen_random_uuid(), 1, gen_random_uuid(), 'plain')`,
);
const endings = sql<{ n: number; jobs: number }, []>(
  'testCountEndings',
  `SELECT count(*)::int AS n, count(DISTINCT job_id)::int AS jobs FROM job_attempt WHERE outcome = 'succeeded'`,
);

let quotas: Quotas;
let h: JobsHarness;
let other: Jobs;
beforeAll(async () => {
  const bounds = {
    heartbeatMs: 1_000,
    counts: () => Promise.resolve([{ code: 'NONE', agents: 1 }]),
    get quotas() {
      return quotas;
    },
  };
  h = await jobsHarness(bounds, (db) => {
    quotas = new Quotas({ db, clock: systemClock, log: silentLog });
    return db;
  });
  other = h.replica();
  await h.database.db.execute(setQuota(QUOTA));
  quotas.onChanged = () => [h.jobs, other].forEach(({ dispatcher }) => dispatcher.wake());
  await quotas.start();
  await h.jobs.start();
  await other.start();
});
afterAll(async () => {
  await other.stop();
  await h.jobs.stop();
  await quotas.stop();
  await h.close();
});

const countLeases = async () => (await h.database.db.query(leases()))[0]!.n;
const assignments = (agent: TestAgent) => agent.sent.filter((message) => message.type === 'job.assign');

test('is kept while both replicas claim, and lifting it releases what waits at once', async () => {
  const workflow = await h.workflow('limited');
  const replicas = [h.jobs, other];
  const agents = await Promise.all(replicas.map((replica) => h.agent('limited', 20, replica)));
  const ids: string[] = [];
  for (let turn = 0; turn < 15; turn++) {
    const submits = replicas.flatMap((replica) => [1, 2].map(() => h.submit(workflow, {}, replica)));
    ids.push(...(await Promise.all(submits)));
  }
  // Each ends as soon as it is seen, so that both claim again and again.
  const done = new Set<string>();
  let most = 0;
  while (done.size < 40) {
    const running = await countLeases();
    most = Math.max(most, running);
    expect(running).toBeLessThanOrEqual(QUOTA);
    for (const [index, agent] of agents.entries()) {
      for (const { jobId, attempt } of assignments(agent)) {
        if (done.has(jobId)) continue;
        done.add(jobId);
        await replicas[index]!.runs.record(agent, jobId, attempt, WHOLE);
      }
    }
  }
  expect(most).toBe(QUOTA);
  await h.database.db.execute(setQuota(null));
  quotas.changed();
  await vi.waitFor(() => {
    expect(agents.flatMap((agent) => assignments(agent)).length).toBeGreaterThanOrEqual(ids.length);
  }, 20_000);
  for (const [index, agent] of agents.entries()) {
    for (const { jobId, attempt } of assignments(agent)) {
      if (!done.has(jobId)) await replicas[index]!.runs.record(agent, jobId, attempt, WHOLE);
    }
  }
  expect(await h.database.db.query(endings())).toEqual([{ n: ids.length, jobs: ids.length }]);
  expect(await countLeases()).toBe(0);
});

test('is named by why-pending, with how much of it is used, while it keeps a job waiting', async () => {
  const { db } = h.database;
  await db.execute(setQuota(1));
  await quotas.look();
  const workflow = await h.workflow('named');
  const agent = await h.agent('named', 5);
  const [first, second] = [await h.submit(workflow), await h.submit(workflow)];
  await vi.waitFor(() => expect(assignments(agent)).toHaveLength(1), 5_000);
  const [running] = assignments(agent);
  const waiting = running!.jobId === first ? second : first;
  expect(await h.jobs.query.whyPending('default', waiting)).toMatchObject({
    summary: "It waits for the tenant's quota: 1 job may run at once, and 1 does.",
    heldBy: { code: 'QUOTA_CONCURRENT_JOBS', limit: 1, used: 1 },
    likelyStart: null,
  });
  await h.jobs.runs.record(agent, running!.jobId, running!.attempt, WHOLE);
  await vi.waitFor(() => expect(assignments(agent)).toHaveLength(2), 5_000);
  await h.jobs.runs.record(agent, waiting, 1, WHOLE);
  await db.execute(setQuota(null));
  await quotas.look();
});

test('a tenant that is suspended begins nothing, also while a tunnel of it is still open', async () => {
  const { db } = h.database;
  const workflow = await h.workflow('suspended');
  const agent = await h.agent('suspended', 5);
  await db.execute(moveTenant('suspended'));
  await quotas.look();
  await expect(h.submit(workflow)).rejects.toThrow('TENANT_SUSPENDED');
  await db.execute(moveTenant('active'));
  await quotas.look();
  const job = await h.submit(workflow, { notBefore: new Date(Date.now() + 300).toISOString() });
  await db.execute(moveTenant('suspended'));
  await quotas.look();
  const why = () => h.jobs.query.whyPending('default', job);
  // It is in the queue, a slot is free, and nobody takes it.
  await vi.waitFor(async () => expect(await why()).toMatchObject({ ahead: 0 }), 10_000);
  expect(await why()).toMatchObject({
    summary: 'The tenant is suspended: no job begins until it is resumed.',
    heldBy: { code: 'TENANT_SUSPENDED', limit: null, used: null },
  });
  expect(await db.transaction((tx) => quotas.room(tx, ['default']))).toEqual({
    of: new Map([['default', 0]]),
    taken: false,
  });
  expect(assignments(agent)).toEqual([]);
  await db.execute(moveTenant('active'));
  await quotas.look();
  await vi.waitFor(() => expect(assignments(agent)).toHaveLength(1), 5_000);
  await h.jobs.runs.record(agent, job, 1, WHOLE);
});

test('of two claims at once one has the turn, and neither waits; the next one counts what was leased', async () => {
  const { db } = h.database;
  await db.execute(setQuota(1));
  const roomNow = () => db.transaction((tx) => quotas.room(tx, ['default']));
  await db.transaction(async (first) => {
    expect(await quotas.room(first, ['default'])).toEqual({ of: new Map([['default', 1]]), taken: false });
    expect(await roomNow()).toEqual({ of: new Map([['default', 0]]), taken: true });
    await first.execute(addLease());
  });
  expect(await roomNow()).toEqual({ of: new Map([['default', 0]]), taken: false });
  await db.execute(setQuota(null));
  expect(await roomNow()).toEqual({ of: new Map(), taken: false });
});
