/**
 * A person ends an attempt that may still act: its agent is told wherever its tunnel is, and the job begins anew only when
 * the attempt has stopped or its lease is over (invariant 3). Two replicas on one database.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import type { Jobs } from './jobs.module.ts';
import * as sessions from './session.store.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const numbered = (...bodies: RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ seq: index + 1, at, body }));
const TENANT = 'default';
/** Lease, margin and heartbeat of these tests, milliseconds. */
const [LEASE, MARGIN, HEARTBEAT] = [1_000, 200, 1_000];

const review = sql<never, [job: string]>(
  'testIntoReview',
  `UPDATE job SET state = 'needs_review', review = '{"reason": "test", "position": null}' WHERE id = $1`,
);
const attempts = sql<{ fenced: number; ms: number }, [job: string]>(
  'testSinceFence',
  `SELECT n.attempt AS fenced, (extract(epoch FROM n.leased_at - o.ended_at) * 1000)::float8 AS ms
   FROM job_lease n JOIN job_attempt o ON o.job_id = n.job_id AND o.attempt = n.attempt - 1 WHERE n.job_id = $1`,
);
const fencesOf = sql<{ told: boolean }, [job: string]>(
  'testFencesOf',
  'SELECT told_session IS NOT NULL AS told FROM job_fence WHERE job_id = $1',
);

let h: JobsHarness;
let other: Jobs;
let beating: NodeJS.Timeout;
let gatewayId: string;
beforeAll(async () => {
  const times = { leaseMs: LEASE, marginMs: MARGIN, recountMs: 500, overdueMs: 200 };
  h = await jobsHarness({ heartbeatMs: HEARTBEAT, times });
  other = h.replica();
  await h.jobs.start();
  await other.start();
  gatewayId = randomUUID();
  await sessions.registerGateway(h.database.db, gatewayId);
  beating = setInterval(() => void sessions.heartbeat(h.database.db, gatewayId), 200);
});
afterAll(async () => {
  clearInterval(beating);
  await other.stop();
  await h.jobs.stop();
  await h.close();
});

async function stateOf(id: string): Promise<string> {
  const job = await h.jobs.query.job(TENANT, id);
  return isRefusal(job) ? job.code : job.state;
}
const assignments = (agent: TestAgent, id: string) =>
  agent.sent.filter((message) => message.type === 'job.assign' && message.jobId === id);
const fenced = (agent: TestAgent, id: string) =>
  agent.sent.filter((message) => message.type === 'run.fenced' && message.jobId === id);

/** A job in review whose agent is there again, on the other replica, and has not been heard of yet. */
async function inReview(name: string) {
  const workflow = await h.workflow(name, { unsafe: true });
  const agent = await h.agent(name, 1, other);
  const session = { tenant: TENANT, agentId: agent.agentId, sessionId: agent.sessionId, gatewayId, epoch: 1 };
  await sessions.openAll(h.database.db, [{ ...session, instance: randomUUID() }], LEASE);
  const id = await h.submit(workflow);
  await vi.waitFor(() => expect(assignments(agent, id)).toHaveLength(1), 5_000);
  await other.runs.record(agent, id, 1, numbered(started));
  await h.database.db.execute(review(id));
  return { agent, id, idle: await h.agent(name, 1, h.jobs) };
}
function done({ agent, idle }: { agent: TestAgent; idle: TestAgent }): void {
  agent.disconnect();
  idle.disconnect();
}
const decide = (id: string, decision: 'continue' | 'retry' | 'fail') =>
  h.jobs.steer.review(h.by, id, { decision, reason: 'looked' });

describe('a review that takes the lease away', () => {
  it('reaches the old attempt on another replica, and the job begins anew only when that has stopped', async () => {
    const job = await inReview('acknowledged');
    expect(await decide(job.id, 'retry')).toBeNull();
    await vi.waitFor(() => expect(fenced(job.agent, job.id)).toHaveLength(1), 5_000);
    expect(fenced(job.agent, job.id)[0]).toMatchObject({ attempt: 1, confirm: true });
    expect(assignments(job.idle, job.id)).toEqual([]);
    const why = await h.jobs.query.whyPending(TENANT, job.id);
    expect(isRefusal(why) ? why.code : why.summary).toMatch(/has stopped/);
    // Somebody else's word is no word.
    await other.runs.stopped(job.idle, job.id, 1);
    await other.runs.stopped(job.agent, job.id, 2);
    expect(await h.database.db.query(fencesOf(job.id))).toHaveLength(1);
    await other.runs.stopped(job.agent, job.id, 1);
    await vi.waitFor(
      () => expect([...assignments(job.idle, job.id), ...assignments(job.agent, job.id)]).toHaveLength(2),
      5_000,
    );
    expect(await h.database.db.query(fencesOf(job.id))).toEqual([]);
    done(job);
  });

  it('is waited for no longer than a lease after the agent was told, whether it answers or not', async () => {
    const job = await inReview('mute');
    expect(await decide(job.id, 'retry')).toBeNull();
    await vi.waitFor(async () => expect(await h.database.db.query(attempts(job.id))).toHaveLength(1), 10_000);
    const [again] = await h.database.db.query(attempts(job.id));
    expect(fenced(job.agent, job.id)).not.toEqual([]);
    expect(again!.ms).toBeGreaterThan(LEASE + MARGIN);
    done(job);
  });

  it('is waited for until the lease is over when the agent is gone', async () => {
    const job = await inReview('gone');
    const closed = { tenant: TENANT, agentId: job.agent.agentId, sessionId: job.agent.sessionId, leaseMs: LEASE };
    job.agent.disconnect();
    await h.database.db.transaction((tx) => sessions.close(tx, [closed]));
    expect(await decide(job.id, 'retry')).toBeNull();
    await vi.waitFor(() => expect(assignments(job.idle, job.id)).toHaveLength(1), 10_000);
    expect(fenced(job.agent, job.id)).toEqual([]);
    expect((await h.database.db.query(attempts(job.id)))[0]!.ms).toBeGreaterThan(LEASE / 2);
    done(job);
  });

  it('is told again over the session that takes over, and the first telling counts no more', async () => {
    const job = await inReview('taken over');
    expect(await decide(job.id, 'retry')).toBeNull();
    await vi.waitFor(async () => expect(await h.database.db.query(fencesOf(job.id))).toEqual([{ told: true }]), 5_000);
    const next = { tenant: TENANT, agentId: job.agent.agentId, sessionId: randomUUID(), gatewayId, epoch: 1 };
    await sessions.openAll(h.database.db, [{ ...next, instance: randomUUID() }], LEASE);
    job.agent.reconnect(next.sessionId);
    await vi.waitFor(() => expect(fenced(job.agent, job.id)).toHaveLength(2), 5_000);
    await other.runs.stopped(job.agent, job.id, 1);
    done(job);
  });
});

describe('a review that goes on from what was done', () => {
  it('is refused while the attempt may still do more, and taken when its lease is over', async () => {
    const job = await inReview('may act');
    const refusal = { code: 'ATTEMPT_MAY_ACT', title: expect.stringContaining('Attempt 1 may still act') as string };
    expect(await decide(job.id, 'continue')).toMatchObject(refusal);
    expect(await stateOf(job.id)).toBe('needs_review');
    const closed = { tenant: TENANT, agentId: job.agent.agentId, sessionId: job.agent.sessionId, leaseMs: LEASE };
    job.agent.disconnect();
    await h.database.db.transaction((tx) => sessions.close(tx, [closed]));
    expect(await decide(job.id, 'continue')).toMatchObject(refusal);
    await vi.waitFor(async () => expect(await decide(job.id, 'continue')).toBeNull(), { timeout: 5_000, interval: 20 });
    await vi.waitFor(async () => expect(await h.database.db.query(attempts(job.id))).toHaveLength(1), 5_000);
    expect((await h.database.db.query(attempts(job.id)))[0]!.ms).toBeGreaterThanOrEqual(0);
    done(job);
  });

  it('of a job that nobody works on is taken at once', async () => {
    const job = await inReview('suspended');
    const suspended: RunEventBody = { type: 'run.suspended', position: '/do/0/a', reason: 'it may have acted' };
    await other.runs.record(job.agent, job.id, 1, [{ seq: 2, at, body: suspended }]);
    expect(await decide(job.id, 'continue')).toBeNull();
    done(job);
  });
});

describe('a cancel of a job in review', () => {
  it('reaches the old attempt on another replica, and a retry of the job waits for it', async () => {
    const job = await inReview('called off');
    expect(await h.jobs.steer.cancel(h.by, job.id)).toBeNull();
    expect(await stateOf(job.id)).toBe('cancelled');
    expect(await h.jobs.steer.retry(h.by, job.id)).toBeNull();
    await vi.waitFor(() => expect(fenced(job.agent, job.id)).toHaveLength(1), 5_000);
    expect(await h.database.db.query(attempts(job.id))).toEqual([]);
    await other.runs.stopped(job.agent, job.id, 1);
    await vi.waitFor(async () => expect(await h.database.db.query(attempts(job.id))).toHaveLength(1), 5_000);
    done(job);
  });
});

describe('an attempt whose time is over', () => {
  it('is told to stop on the replica that holds its agent, whichever ended it, and its job waits until it has', async () => {
    for (const [on, name] of [
      [other, 'overdue elsewhere'],
      [h.jobs, 'overdue here'],
    ] as const) {
      const workflow = await h.workflow(name);
      const agent = await h.agent(name, 1, on);
      const session = { tenant: TENANT, agentId: agent.agentId, sessionId: agent.sessionId, gatewayId, epoch: 1 };
      await sessions.openAll(h.database.db, [{ ...session, instance: randomUUID() }], LEASE);
      const retry = { attempts: 2, backoffMs: 0, jitter: 0 };
      const id = await h.submit(workflow, { attemptTimeoutMs: 300, retry });
      await vi.waitFor(() => expect(assignments(agent, id)).toHaveLength(1), 5_000);
      await on.runs.record(agent, id, 1, numbered(started));
      await vi.waitFor(() => expect(fenced(agent, id)[0]).toMatchObject({ attempt: 1, confirm: true }), 10_000);
      await on.runs.stopped(agent, id, 1);
      await vi.waitFor(() => expect(assignments(agent, id)).toHaveLength(2), 5_000);
      agent.disconnect();
    }
  });
});
