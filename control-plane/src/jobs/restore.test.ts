/**
 * A record that went back to an earlier time, under agents that did not: what they did meanwhile is done no second time
 * unless a person says so. The tables are kept and put back as a backup and its restore do.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { HeldRun, RunEvent, RunEventBody } from '@casare/shared/protocol';
import { randomUUID } from 'node:crypto';
import { systemClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { declareRestored, expectStopped } from './restore.ts';
import * as sessions from './session.store.ts';
import { silentFor } from './silence.store.ts';
import { assigned, jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const line: RunEventBody = { type: 'run.log', level: 'info', message: 'on my way' };
const completed: RunEventBody = { type: 'run.completed', output: {} };
const numbered = (from: number, ...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: from + index, at, body }));
const TENANT = 'default';
const HOUR = 3_600_000;

const TABLES = [
  ...['job', 'job_ready', 'job_waiting', 'job_key', 'job_deadline', 'job_lease', 'job_fence'],
  ...['job_attempt', 'job_event', 'job_step', 'agent_session', 'gateway', 'store'],
];
const keep = sql<never, []>(
  'testKeep',
  `DO $$ BEGIN CREATE SCHEMA backup; ${TABLES.map((t) => `CREATE TABLE backup.${t} AS TABLE ${t};`).join(' ')} END $$`,
);
const putBack = sql<never, []>(
  'testPutBack',
  `DO $$
   DECLARE kept text; columns text;
   BEGIN
     FOREACH kept IN ARRAY '{${TABLES.join(',')}}'::text[] LOOP
       SELECT string_agg(column_name, ',') INTO columns FROM information_schema.columns
       WHERE table_schema = 'public' AND table_name = kept AND is_generated = 'NEVER';
       EXECUTE format('DELETE FROM %I', kept);
       EXECUTE format('INSERT INTO %1$I (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM backup.%1$I', kept, columns);
     END LOOP;
     DROP SCHEMA backup CASCADE;
   END $$`,
);
const fencesOf = sql<{ n: number }, [job: string]>(
  'testFences',
  'SELECT count(*)::int AS n FROM job_fence WHERE job_id = $1',
);
const epochOf = sql<{ epoch: number }, []>('testEpoch', 'SELECT epoch FROM store');

const longAgo = sql<never, []>(
  'testLongAgo',
  `WITH l AS (UPDATE job_lease SET leased_at = leased_at - interval '1 hour'),
     s AS (UPDATE agent_session SET since = since - interval '1 hour')
   UPDATE gateway SET heartbeat_at = heartbeat_at - interval '1 hour'`,
);

let h: JobsHarness;
/** The replica that works now: none outlives a restore. */
let jobs: JobsHarness['jobs'];
beforeAll(async () => {
  h = await jobsHarness();
});
afterAll(() => h.close());
beforeEach(async () => {
  jobs = h.replica();
  await jobs.start();
});
afterEach(() => jobs.stop());

async function job(id: string) {
  const found = await jobs.query.job(TENANT, id);
  if (isRefusal(found)) throw new Error(found.code);
  return found;
}

/** The control plane stops, the record goes back, somebody says so, and it starts. */
async function restored(failedAt = new Date(), askAboutPending = true) {
  await jobs.stop();
  await h.database.db.execute(putBack());
  const deps = { db: h.database.db, clock: systemClock, workflows: h.workflows, random: () => 0 };
  const done = await declareRestored(deps, failedAt, { askAboutPending, also: () => Promise.resolve() });
  jobs = h.replica();
  await jobs.start();
  return done;
}

async function running(name: string, unsafe = true, more: object = {}) {
  const workflow = await h.workflow(name, { unsafe, graceMs: HOUR });
  const agent = await h.agent(name, 1, jobs);
  const id = await h.submit(workflow, more, jobs);
  await assigned(agent, id);
  await jobs.runs.accepted(agent, id, 1);
  await jobs.runs.record(agent, id, 1, numbered(1, started));
  return { agent, id };
}
const held = (jobId: string, ackedSeq: number, attempt = 1): HeldRun[] => [
  { jobId, attempt, lastSeq: 3, phase: 'running', ackedSeq },
];
/** Where an agent's runs end up that comes back with them. */
async function back(agent: TestAgent, runs: HeldRun[], unleasedMs?: number) {
  return jobs.runs.reconcile(agent, runs, { unleasedMs });
}

it('an attempt that held its lease goes on, and sends again what the record lacks', async () => {
  const { agent, id } = await running('goes on');
  await h.database.db.execute(keep());
  await jobs.runs.record(agent, id, 1, numbered(2, line, line));
  expect(await restored()).toMatchObject({ leases: 1 });
  expect((await back(agent, held(id, 3), 0)).runs).toMatchObject([{ verdict: 'continue', ackedSeq: 1 }]);
  // The second time it is an attempt as any other.
  expect((await back(agent, held(id, 1))).runs).toMatchObject([{ verdict: 'continue', ackedSeq: 1 }]);
  expect(await jobs.runs.record(agent, id, 1, numbered(2, line, line, completed))).toMatchObject({ outcome: 'acked' });
  expect((await job(id)).state).toBe('succeeded');
});

it('one that was away before the control plane failed may have been replaced: it is stopped, and a person is asked', async () => {
  const { agent, id } = await running('away');
  await h.database.db.execute(keep());
  await restored(new Date(Date.now() - HOUR));
  expect((await back(agent, held(id, 1), 2 * HOUR)).runs).toMatchObject([{ verdict: 'fenced' }]);
  const asked = await job(id);
  expect(asked).toMatchObject({ state: 'needs_review', attempt: 1 });
  expect(asked.review?.reason).toContain('another attempt may have followed');
  // Nothing of the job begins before it has stopped.
  expect(await h.database.db.query(fencesOf(id))).toEqual([{ n: 1 }]);
  expect(await jobs.runs.record(agent, id, 1, numbered(2, line))).toMatchObject({ outcome: 'fenced' });
});

it('one that was away and can do no harm goes on', async () => {
  const { agent, id } = await running('harmless', false);
  await h.database.db.execute(keep());
  await restored(new Date(Date.now() - HOUR));
  expect((await back(agent, held(id, 1), 2 * HOUR)).runs).toMatchObject([{ verdict: 'continue' }]);
});

it('one whose agent has forgotten it has ended: a person is asked, or it runs again under a number of its own', async () => {
  const unsafe = await running('forgotten');
  const harmless = await running('forgotten harmless', false, { maxAttempts: 3 });
  await h.database.db.execute(keep());
  for (const { agent, id } of [unsafe, harmless]) await jobs.runs.record(agent, id, 1, numbered(2, completed));
  await restored();
  for (const { agent } of [unsafe, harmless]) expect(await back(agent, [], 0)).toMatchObject({ assignments: [] });
  expect((await job(unsafe.id)).state).toBe('needs_review');
  harmless.agent.reconnect(randomUUID());
  expect((await job(harmless.id)).state).toBe('pending');
  const again = await h.agent('forgotten harmless', 1, jobs);
  expect((await assigned(again, harmless.id, 10_002)).journal).toMatchObject([{ seq: 1 }]);
  // The numbers that were passed over are no attempts.
  await jobs.runs.refused(again, harmless.id, 10_002, 'AGENT_STOPPING', 'stopping');
  expect((await job(harmless.id)).state).toBe('pending');
});

it('an assignment that was not accepted yet is not sent a second time', async () => {
  const workflow = await h.workflow('unaccepted', { unsafe: true });
  const agent = await h.agent('unaccepted', 1, jobs);
  const id = await h.submit(workflow, {}, jobs);
  await assigned(agent, id);
  await h.database.db.execute(keep());
  await jobs.runs.record(agent, id, 1, numbered(1, started, completed));
  await restored();
  expect(await back(agent, [], 0)).toMatchObject({ assignments: [], leases: [] });
  expect((await job(id)).state).toBe('needs_review');
});

it('a job in the queue may have run: it waits for a person, unless nothing of it does harm', async () => {
  const [unsafe, harmless] = [await h.workflow('queued', { unsafe: true }), await h.workflow('queued harmless')];
  const [asked, waits] = [await h.submit(unsafe, {}, jobs), await h.submit(harmless, {}, jobs)];
  const later = await h.submit(unsafe, { notBefore: new Date(Date.now() + HOUR).toISOString() }, jobs);
  await h.database.db.execute(keep());
  const agent = await h.agent('queued', 1, jobs);
  const run = await assigned(agent, asked);
  await jobs.runs.record(agent, asked, 1, numbered(1, started, completed));
  expect((await job(asked)).state).toBe('succeeded');
  expect(await restored()).toMatchObject({ asked: 2 });
  expect(await Promise.all([asked, later, waits].map(async (id) => (await job(id)).state))).toEqual([
    ...['needs_review', 'needs_review', 'pending'],
  ]);
  // The agent that ran it meanwhile, and still has it, is told to stop.
  expect((await back(agent, held(run.jobId, 2), 0)).runs).toMatchObject([{ verdict: 'fenced' }]);
  const other = await h.agent('queued harmless', 1, jobs);
  await assigned(other, waits, 10_001);
  // A person says that it did not run.
  const idle = await h.agent('queued', 1, jobs);
  expect(await jobs.steer.review(h.by, asked, { decision: 'continue', reason: 'it has not run' })).toBeNull();
  await assigned(idle, asked, 10_001);
});

it('a person who knows that nothing ran since has the queue run', async () => {
  const id = await h.submit(await h.workflow('known', { unsafe: true }), {}, jobs);
  await h.database.db.execute(keep());
  expect(await restored(new Date(), false)).toMatchObject({ asked: 0 });
  await assigned(await h.agent('known', 1, jobs), id, 10_001);
});

it('an agent that does not come back is waited for from now on, and not from the backup on', async () => {
  const { agent, id } = await running('stays away');
  const gatewayId = randomUUID();
  await sessions.registerGateway(h.database.db, gatewayId);
  await sessions.openAll(h.database.db, [
    { ...agent, sessionId: randomUUID(), gatewayId, instance: randomUUID(), epoch: 1 },
  ]);
  await h.database.db.execute(longAgo());
  await h.database.db.execute(keep());
  const bounds = { leaseMs: 60_000, marginMs: 10_000, heartbeatMs: 1_000 };
  const silent = () => silentFor(h.database.db, { tenant: TENANT, jobId: id }, bounds);
  expect(await silent()).toBeGreaterThan(0);
  await restored();
  expect(await silent()).toBeLessThan(0);
});

it('the epoch of two restores from one backup is never the same', async () => {
  const epoch = async () => (await h.database.db.query(epochOf()))[0]!.epoch;
  await h.database.db.execute(keep());
  const first = (await restored()).epoch;
  expect(await epoch()).toBe(first);
  await h.database.db.execute(keep());
  expect((await restored()).epoch).toBeGreaterThan(first);
});

it('is refused while a gateway beats', async () => {
  const gatewayId = randomUUID();
  await sessions.registerGateway(h.database.db, gatewayId);
  await expectStopped(h.database.db, 50);
  const beats = setInterval(() => void sessions.heartbeat(h.database.db, gatewayId), 10);
  await expect(expectStopped(h.database.db, 200)).rejects.toMatchObject({ code: 'CONTROL_PLANE_RUNS' });
  clearInterval(beats);
});
