/**
 * An agent that comes back to a job for which a person was asked already: it goes on, unless the person was faster. The
 * database decides who was, whichever side waits for the other.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { HeldRun, RunEvent, RunEventBody } from '@casare/shared/protocol';
import { randomUUID } from 'node:crypto';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import * as sessions from './session.store.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const line: RunEventBody = { type: 'run.log', level: 'info', message: 'on my way' };
const completed: RunEventBody = { type: 'run.completed', output: {} };
const cancelledRun: RunEventBody = { type: 'run.cancelled', reason: 'asked' };
const numbered = (from: number, ...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: from + index, at, body }));
const TENANT = 'default';
/** Lease, margin and heartbeat of these tests, milliseconds. */
const [LEASE, MARGIN, HEARTBEAT] = [300, 100, 200];
/** Rounds of a race. */
const ROUNDS = 20;

const leaseOf = sql<{ attempt: number; looked: boolean }, [job: string]>(
  'testReturnedLease',
  'SELECT attempt, settle_after IS NULL AS looked FROM job_lease WHERE job_id = $1',
);
const lockJob = sql<never, [job: string]>('testLockJob', 'SELECT FROM job WHERE id = $1 FOR UPDATE');
const waits = sql<{ n: number }, []>(
  'testWaiting',
  `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
);

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness({ heartbeatMs: HEARTBEAT, times: { leaseMs: LEASE, marginMs: MARGIN, recountMs: 500 } });
  await h.jobs.start();
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

async function stateOf(id: string): Promise<string> {
  const job = await h.jobs.query.job(TENANT, id);
  return isRefusal(job) ? job.code : job.state;
}

/** A job in review: its agent ran it and fell silent where an unsafe step is within reach. */
async function inReview(name: string, before: RunEventBody[] = [started], more: object = {}) {
  const workflow = await h.workflow(name, { unsafe: true, graceMs: 0 });
  const agent = await h.agent(name);
  const id = await h.submit(workflow, more);
  await vi.waitFor(() => expect(agent.sent.some((m) => m.type === 'job.assign' && m.jobId === id)).toBe(true), 5_000);
  if (before.length > 0) await h.jobs.runs.record(agent, id, 1, numbered(1, ...before));
  agent.disconnect();
  return { agent, id };
}
async function silent({ id }: { id: string }): Promise<void> {
  await vi.waitFor(async () => expect(await stateOf(id)).toBe('needs_review'), 10_000);
}
/** Its session as its gateway puts it on record, which keeps the sweep away. */
async function openSession(agent: TestAgent): Promise<string> {
  const gatewayId = randomUUID();
  await sessions.registerGateway(h.database.db, gatewayId);
  const session = { ...agent, sessionId: randomUUID(), gatewayId, instance: randomUUID(), epoch: 1 };
  await sessions.openAll(h.database.db, [session], 600_000);
  const sessionId = randomUUID();
  await sessions.openAll(h.database.db, [{ ...session, sessionId }], 600_000);
  return sessionId;
}
const held = (id: string, lastSeq = 5): HeldRun[] => [{ jobId: id, attempt: 1, lastSeq, phase: 'running' }];

describe('a job that waits for a person because its agent was silent', () => {
  it('runs again as soon as the agent greets with it, and can be cancelled as a running one', async () => {
    const job = await inReview('greets');
    await silent(job);
    await openSession(job.agent);
    const { runs } = await h.jobs.runs.reconcile(job.agent, held(job.id));
    expect(runs).toMatchObject([{ jobId: job.id, verdict: 'continue', ackedSeq: 1, cancelling: false }]);
    expect(await h.jobs.query.job(TENANT, job.id)).toMatchObject({ state: 'running', review: null });
    // When it falls silent again, it is looked at again.
    expect(await h.database.db.query(leaseOf(job.id))).toEqual([{ attempt: 1, looked: true }]);
    expect(await h.jobs.steer.review(h.by, job.id, { decision: 'retry', reason: 'late' })).toMatchObject({
      code: 'JOB_WRONG_STATE',
    });
    expect(await h.jobs.steer.cancel(h.by, job.id)).toBeNull();
    expect(await stateOf(job.id)).toBe('cancelling');
    await h.jobs.runs.record(job.agent, job.id, 1, numbered(2, cancelledRun));
    expect(await stateOf(job.id)).toBe('cancelled');
  });

  it('runs again when the agent writes, though nobody saw it go', async () => {
    const job = await inReview('writes');
    await silent(job);
    await openSession(job.agent);
    expect(await h.jobs.runs.record(job.agent, job.id, 1, numbered(2, line))).toEqual({ outcome: 'acked', seq: 2 });
    expect(await h.jobs.query.job(TENANT, job.id)).toMatchObject({ state: 'running', review: null });
    await h.jobs.runs.record(job.agent, job.id, 1, numbered(3, completed));
    expect(await stateOf(job.id)).toBe('succeeded');
  });

  it('is assigned again when the agent had never got it', async () => {
    const job = await inReview('never', []);
    await silent(job);
    await openSession(job.agent);
    const { assignments } = await h.jobs.runs.reconcile(job.agent, []);
    expect(assignments).toMatchObject([{ jobId: job.id, attempt: 1 }]);
    expect(await stateOf(job.id)).toBe('leased');
    await h.jobs.runs.record(job.agent, job.id, 1, numbered(1, started, completed));
    expect(await stateOf(job.id)).toBe('succeeded');
  });

  it('that was being cancelled is being cancelled again', async () => {
    const job = await inReview('cancelling');
    expect(await h.jobs.steer.cancel(h.by, job.id)).toBeNull();
    await silent(job);
    await openSession(job.agent);
    const { runs } = await h.jobs.runs.reconcile(job.agent, held(job.id));
    expect(runs).toMatchObject([{ verdict: 'continue', cancelling: true }]);
    expect(await stateOf(job.id)).toBe('cancelling');
  });

  it('is over when a person cancels it meanwhile: the agent is fenced when it comes back', async () => {
    const job = await inReview('called off');
    await silent(job);
    expect(await h.jobs.steer.cancel(h.by, job.id)).toBeNull();
    expect(await h.jobs.query.job(TENANT, job.id)).toMatchObject({ state: 'cancelled', review: null });
    await openSession(job.agent);
    const { runs } = await h.jobs.runs.reconcile(job.agent, held(job.id));
    expect(runs).toMatchObject([{ verdict: 'fenced' }]);
    expect(await h.jobs.runs.record(job.agent, job.id, 1, numbered(2, line))).toMatchObject({ outcome: 'fenced' });
    expect(await stateOf(job.id)).toBe('cancelled');
  });
});

describe('what a person is shown', () => {
  const where = { path: '/do/0/act', position: '/do/0/act' };
  const click: RunEventBody = {
    ...{ type: 'step.started', ...where, name: 'act', task: 'call', call: 'browser.click:1.0.0' },
    ...{ effect: 'unsafe', onRestart: 'suspend' },
  };

  it('is the attempt, its agent, since when it is silent, its last record and the step that is open', async () => {
    const job = await inReview('shown', [started, click]);
    await silent(job);
    const shown = async () => {
      const found = await h.jobs.query.job(TENANT, job.id);
      return isRefusal(found) ? null : found.review;
    };
    expect(await shown()).toMatchObject({
      position: where.position,
      evidence: {
        attempt: 1,
        agent: { id: job.agent.agentId, name: 'shown' },
        outstanding: true,
        lastRecord: { seq: 2, type: 'step.started', at },
        openStep: { position: where.position, name: 'act', effect: 'unsafe', call: 'browser.click:1.0.0' },
      },
    });
    const sessionId = await openSession(job.agent);
    expect((await shown())!.evidence!.silentSince).toBeNull();
    await h.database.db.transaction((tx) => sessions.close(tx, [{ ...job.agent, sessionId, leaseMs: 0 }]));
    expect((await shown())!.evidence!.silentSince).not.toBeNull();
    // A run that has suspended itself has told everything.
    const told = await inReview('told all', [
      started,
      { type: 'run.suspended', reason: 'asked', position: where.position },
    ]);
    expect(await h.jobs.query.job(TENANT, told.id)).toMatchObject({ review: { evidence: { outstanding: false } } });
    // A list says why, and no more.
    const filter = { state: 'needs_review', workflow: 'test/shown', agent: null, since: null, text: null } as const;
    const list = await h.jobs.query.jobs(TENANT, filter, { limit: 5 });
    expect(isRefusal(list) ? [] : list.items[0]!.review).toEqual({
      reason: expect.any(String) as string,
      position: where.position,
    });
  });

  it('are the attempts, page by page, with how each ended', async () => {
    const job = await inReview('attempts');
    await silent(job);
    await h.jobs.steer.review(h.by, job.id, { decision: 'retry', reason: 'looked' });
    const again = await h.agent('attempts');
    await vi.waitFor(() => expect(again.sent.some((m) => m.type === 'job.assign')).toBe(true), 10_000);
    const first = await h.jobs.query.attempts(TENANT, job.id, { limit: 1 });
    if (isRefusal(first)) throw new Error(first.code);
    const agent = { id: job.agent.agentId, name: 'attempts' };
    expect(first.items).toMatchObject([{ attempt: 1, generation: 1, agent, outcome: 'reviewed: retry', records: 1 }]);
    const second = await h.jobs.query.attempts(TENANT, job.id, { limit: 1, cursor: first.nextCursor! });
    expect(second).toMatchObject({
      items: [{ attempt: 2, generation: 2, agent: { id: again.agentId }, endedAt: null, outcome: null, records: 0 }],
      nextCursor: null,
    });
    expect(await h.jobs.query.attempts('other', job.id, { limit: 1 })).toMatchObject({ code: 'JOB_NOT_FOUND' });
    expect(await h.jobs.query.attempts(TENANT, job.id, { limit: 1, cursor: 'x' })).toMatchObject({
      code: 'CURSOR_INVALID',
    });
    again.disconnect();
  });
});

describe('a review and an agent that comes back', () => {
  const review = (id: string) => h.jobs.steer.review(h.by, id, { decision: 'retry', reason: 'looked' });
  const returns = {
    greeting: async ({ agent, id }: { agent: TestAgent; id: string }) => {
      const { runs } = await h.jobs.runs.reconcile(agent, held(id));
      return runs[0]!.verdict;
    },
    writing: async ({ agent, id }: { agent: TestAgent; id: string }) => {
      const { outcome } = await h.jobs.runs.record(agent, id, 1, numbered(2, line));
      return outcome === 'acked' ? 'continue' : outcome;
    },
  };

  it.each([
    ['the review first', 'greeting', 'review'],
    ['the review first', 'writing', 'review'],
    ['the agent first', 'greeting', 'agent'],
    ['the agent first', 'writing', 'agent'],
  ] as const)('%s, by %s: the second finds the job as the first left it', async (_, way, winner) => {
    const job = await inReview(`${way} ${winner}`);
    await silent(job);
    await openSession(job.agent);
    const blocked = async (n: number) =>
      vi.waitFor(async () => expect((await h.database.db.query(waits()))[0]!.n).toBe(n), 5_000);
    let both: [Promise<unknown>, Promise<string>] | null = null;
    // Both wait for the job's row; they get it in the order in which they came.
    await h.database.db.transaction(async (tx) => {
      await tx.query(lockJob(job.id));
      const acts = { review: () => review(job.id), agent: () => returns[way](job) };
      const first: Promise<unknown> = acts[winner]();
      await blocked(1);
      const second: Promise<unknown> = acts[winner === 'review' ? 'agent' : 'review']();
      await blocked(2);
      both = (winner === 'review' ? [first, second] : [second, first]) as [Promise<unknown>, Promise<string>];
    });
    const [refused, verdict] = await Promise.all(both!);
    const leases = await h.database.db.query(leaseOf(job.id));
    if (winner === 'review') {
      expect([refused, verdict]).toEqual([null, 'fenced']);
      expect(await stateOf(job.id)).toBe('pending');
      expect(leases).toEqual([]);
    } else {
      expect([refused, verdict]).toMatchObject([{ code: 'JOB_WRONG_STATE' }, 'continue']);
      expect(await stateOf(job.id)).toBe('running');
      expect(leases).toMatchObject([{ attempt: 1 }]);
    }
  });

  it('at the same moment: one of them wins, never both and never neither', async () => {
    const jobs = await Promise.all(Array.from({ length: ROUNDS }, (_, round) => inReview(`race ${round}`)));
    for (const job of jobs) await silent(job);
    for (const job of jobs) await openSession(job.agent);
    for (const [round, job] of jobs.entries()) {
      const way = round % 2 === 0 ? returns.greeting : returns.writing;
      const [refused, verdict] = await Promise.all([review(job.id), way(job)]);
      expect([refused === null, verdict === 'continue'].filter(Boolean)).toHaveLength(1);
      expect(await stateOf(job.id)).toBe(refused === null ? 'pending' : 'running');
    }
  }, 30_000);
});
