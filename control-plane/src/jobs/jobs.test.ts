/** The life of a job on a real database: submit, lease, record, end - and everything that may go wrong between. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JobAssign, RunEvent, RunEventBody } from '@casare/shared/protocol';
import type { Job, JobState } from '@casare/shared/api';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { assigned, jobsHarness, type JobsHarness } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const completed: RunEventBody = { type: 'run.completed', output: { ok: true } };
const numbered = (from: number, ...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: from + index, at, body }));
const request = (workflow: string) => ({ workflow, priority: 50, requires: [], maxAttempts: 3 });

const rowsOf = sql<{ n: number }, [job: string]>(
  'testRowsOf',
  `SELECT (SELECT count(*) FROM job_lease WHERE job_id = $1)::int + (SELECT count(*) FROM job_ready WHERE job_id = $1)::int
     + (SELECT count(*) FROM job_waiting WHERE job_id = $1)::int + (SELECT count(*) FROM job_key WHERE job_id = $1)::int AS n`,
);

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness();
  await h.jobs.start();
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

const submit = (workflow: string, more: object = {}): Promise<string> => h.submit(workflow, more);
async function stateOf(id: string): Promise<JobState> {
  return ((await h.jobs.query.job('default', id)) as Job).state;
}

describe('a job', () => {
  it('is leased to an agent with a free slot, recorded and ended once, and leaves nothing behind', async () => {
    const agent = await h.agent('simple');
    const id = await submit(await h.workflow('simple'));
    const { attempt } = await assigned(agent, id);
    expect(await h.jobs.runs.record(agent, id, attempt, numbered(1, started))).toEqual({ outcome: 'acked', seq: 1 });
    expect(await stateOf(id)).toBe('running');
    expect(await h.jobs.runs.record(agent, id, attempt, numbered(1, started, completed))).toEqual({
      outcome: 'acked',
      seq: 2,
    });
    expect(await h.jobs.query.job('default', id)).toMatchObject({
      state: 'succeeded',
      output: { ok: true },
      attempt: 1,
    });
    expect(await h.database.db.query(rowsOf(id))).toEqual([{ n: 0 }]);
    // The acknowledgement was lost: the same ending again is acknowledged, and something new is not.
    expect(await h.jobs.runs.record(agent, id, attempt, numbered(1, started, completed))).toEqual({
      outcome: 'acked',
      seq: 2,
    });
    expect(await h.jobs.runs.record(agent, id, attempt, numbered(3, started))).toMatchObject({ outcome: 'fenced' });
    agent.disconnect();
  });

  it('records steps and log lines as they come', async () => {
    const agent = await h.agent('stepping');
    const id = await submit(await h.workflow('stepping'));
    await assigned(agent, id);
    const where = { path: '/do/0/act', position: '/do/0/act' };
    const bodies: RunEventBody[] = [
      started,
      { type: 'step.started', ...where, name: 'act', task: 'set', effect: 'idempotent', onRestart: 'rerun' },
      { type: 'run.log', level: 'info', message: 'odd\u0000text' },
      { type: 'step.completed', ...where, output: { n: 1 }, durationMs: 3 },
    ];
    await h.jobs.runs.record(agent, id, 1, numbered(1, ...bodies));
    expect(await h.jobs.query.steps('default', id, { limit: 10 })).toMatchObject({
      items: [{ name: 'act', state: 'completed', output: { n: 1 }, durationMs: 3 }],
    });
    expect(await h.jobs.query.logs('default', id, { limit: 10 })).toMatchObject({
      items: [{ message: 'odd\ufffdtext' }],
    });
    agent.disconnect();
  });

  it('refuses a hole, and every write of who does not hold the lease', async () => {
    const [agent, other] = [await h.agent('guarded'), { tenant: 'default', agentId: crypto.randomUUID() }];
    const id = await submit(await h.workflow('guarded'));
    await assigned(agent, id);
    expect(await h.jobs.runs.record(agent, id, 1, numbered(2, started))).toMatchObject({ outcome: 'broken' });
    expect(await h.jobs.runs.record(other, id, 1, numbered(1, started))).toMatchObject({ outcome: 'fenced' });
    expect(await h.jobs.runs.record(agent, id, 2, numbered(1, started))).toMatchObject({ outcome: 'fenced' });
    expect(await h.jobs.runs.record({ ...agent, tenant: 'other' }, id, 1, numbered(1, started))).toMatchObject({
      outcome: 'fenced',
    });
    expect(await stateOf(id)).toBe('leased');
    agent.disconnect();
  });

  it('goes to one agent only, however many ask at once', async () => {
    const agents = await Promise.all([1, 2, 3].map(() => h.agent('many', 20)));
    const workflow = await h.workflow('many');
    const ids = await h.jobs.submit.submit(
      h.by,
      Array.from({ length: 50 }, () => request(workflow)),
      null,
    );
    await vi.waitFor(() => expect(agents.flatMap((agent) => agent.sent)).toHaveLength(50), 5_000);
    const got = agents.flatMap((agent) => agent.sent).map((message) => (message as JobAssign).jobId);
    expect(new Set(got)).toEqual(new Set(ids as string[]));
    for (const agent of agents) agent.disconnect();
  });

  it('sends the names of secrets that have no value here; an agent that has none either ends the job', async () => {
    const agent = await h.agent('secretive');
    const id = await submit(await h.workflow('secretive', { secrets: ['knownOne', 'portal'] }));
    await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
    expect(agent.sent).toMatchObject([{ secrets: { knownOne: 'a known value' }, localSecrets: ['portal'] }]);
    await h.jobs.runs.refused(agent, id, 1, 'SECRET_MISSING', 'The workflow uses `portal`.');
    expect(await stateOf(id)).toBe('failed');
    expect(await h.jobs.query.job('default', id)).toMatchObject({ error: { code: 'SECRET_MISSING' } });
    agent.disconnect();
  });
});

describe('a job for one agent', () => {
  it('waits for that agent, by name or id, though others could run it', async () => {
    const workflow = await h.workflow('for one');
    const [other, one] = [await h.agent('for one', 2), await h.agent('for one', 2)];
    const byId = await h.jobs.submit.submit(h.by, [{ ...request(workflow), agent: one.agentId }], null);
    await vi.waitFor(() => expect(one.sent).toHaveLength(1), 5_000);
    expect(other.sent).toEqual([]);
    expect(isRefusal(byId)).toBe(false);
    const ambiguous = await h.jobs.submit.submit(h.by, [{ ...request(workflow), agent: 'for one' }], null);
    expect(ambiguous).toMatchObject({ code: 'AGENT_AMBIGUOUS' });
    const unknown = await h.jobs.submit.submit(h.by, [{ ...request(workflow), agent: 'nobody' }], null);
    expect(unknown).toMatchObject({ code: 'AGENT_UNKNOWN' });
    other.disconnect();
    one.disconnect();
  });
});

describe('submitting', () => {
  it('answers the same key and request with the same job, and refuses the key for another request', async () => {
    const workflow = await h.workflow('keyed');
    const same = () => h.jobs.submit.submit(h.by, [request(workflow)], 'k1');
    const all = await Promise.all([same(), same(), same(), same()]);
    expect(new Set(all.map((ids) => (ids as string[])[0])).size).toBe(1);
    const other = await h.jobs.submit.submit(h.by, [{ ...request(workflow), priority: 51 }], 'k1');
    expect(other).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('runs jobs of one concurrency key one after the other', async () => {
    const agent = await h.agent('serial', 5);
    const workflow = await h.workflow('serial');
    const ids = [await submit(workflow, { concurrencyKey: 'x' }), await submit(workflow, { concurrencyKey: 'x' })];
    const first = await vi.waitFor(() => {
      expect(agent.sent).toHaveLength(1);
      return agent.sent[0] as JobAssign;
    }, 5_000);
    await h.jobs.runs.record(agent, first.jobId, 1, numbered(1, started, completed));
    await assigned(
      agent,
      ids.find((id) => id !== first.jobId)!,
    );
    agent.disconnect();
  });

  it('starts nothing after its deadline', async () => {
    const agent = await h.agent('late');
    const id = await submit(await h.workflow('late'), { deadline: new Date(Date.now() - 1_000).toISOString() });
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('timed_out'), 5_000);
    expect(agent.sent).toEqual([]);
    agent.disconnect();
    expect(await h.database.db.query(rowsOf(id))).toEqual([{ n: 0 }]);
  });
});

describe('people', () => {
  it('cancel a pending job at once, and a running one through its agent', async () => {
    const workflow = await h.workflow('cancelled');
    const pending = await submit(workflow, { notBefore: new Date(Date.now() + 3_600_000).toISOString() });
    expect(await h.jobs.steer.cancel(h.by, pending)).toBeNull();
    expect(await stateOf(pending)).toBe('cancelled');

    const agent = await h.agent('cancelled');
    const running = await submit(workflow);
    await assigned(agent, running);
    await h.jobs.runs.record(agent, running, 1, numbered(1, started));
    expect(await h.jobs.steer.cancel(h.by, running)).toBeNull();
    expect(agent.sent.at(-1)).toMatchObject({ type: 'job.cancel', jobId: running, attempt: 1 });
    await h.jobs.runs.record(agent, running, 1, numbered(2, { type: 'run.cancelled', reason: 'asked' }));
    expect(await stateOf(running)).toBe('cancelled');
    agent.disconnect();
  });

  it('retry a failed job as a new generation', async () => {
    const agent = await h.agent('retried');
    const id = await submit(await h.workflow('retried'));
    await assigned(agent, id);
    const failed: RunEventBody = { type: 'run.failed', error: { type: 'about:blank', status: 500 } };
    await h.jobs.runs.record(agent, id, 1, numbered(1, started, failed));
    expect(await h.jobs.steer.retry(h.by, id)).toBeNull();
    const again = await assigned(agent, id, 2);
    expect(again).toMatchObject({ generation: 2, journal: [] });
    agent.disconnect();
  });

  it('are told when the state does not allow it', async () => {
    const agent = await h.agent('wrong');
    const id = await submit(await h.workflow('wrong'));
    await assigned(agent, id);
    expect(await h.jobs.steer.retry(h.by, id)).toMatchObject({ code: 'JOB_WRONG_STATE' });
    expect(await h.jobs.steer.cancel({ ...h.by, tenant: 'other' }, id)).toMatchObject({ code: 'JOB_NOT_FOUND' });
    agent.disconnect();
  });

  it('settle a suspended job, which fences the attempt', async () => {
    const agent = await h.agent('reviewed');
    const id = await submit(await h.workflow('reviewed'));
    await assigned(agent, id);
    const suspended: RunEventBody = { type: 'run.suspended', position: '/do/0/act', reason: 'in doubt' };
    await h.jobs.runs.record(agent, id, 1, numbered(1, started, suspended));
    expect(await h.jobs.query.job('default', id)).toMatchObject({
      state: 'needs_review',
      review: { reason: 'in doubt' },
    });
    expect(
      await h.jobs.steer.review(h.by, id, { decision: 'succeed', output: { by: 'hand' }, reason: 'looked' }),
    ).toBeNull();
    expect(await h.jobs.query.job('default', id)).toMatchObject({
      state: 'succeeded',
      output: { by: 'hand' },
      review: null,
    });
    agent.disconnect();
  });

  it('let a job go on after the step in doubt, by their word', async () => {
    const agent = await h.agent('continued');
    const id = await submit(await h.workflow('continued'));
    await assigned(agent, id);
    const where = { path: '/do/0/act', position: '/do/0/act' };
    const bodies: RunEventBody[] = [
      started,
      { type: 'step.started', ...where, name: 'act', task: 'call', effect: 'unsafe', onRestart: 'suspend' },
      { type: 'run.suspended', position: where.position, reason: 'in doubt' },
    ];
    await h.jobs.runs.record(agent, id, 1, numbered(1, ...bodies));
    expect(
      await h.jobs.steer.review(h.by, id, { decision: 'continue', output: { n: 7 }, reason: 'I saw it' }),
    ).toBeNull();
    const again = await assigned(agent, id, 2);
    expect(again.generation).toBe(1);
    expect(again.journal.at(-1)?.body).toMatchObject({
      type: 'step.completed',
      ...where,
      output: { n: 7 },
      settledBy: h.by.actor,
    });
    expect(await h.jobs.query.steps('default', id, { limit: 10 })).toMatchObject({ items: [{ state: 'completed' }] });
    agent.disconnect();
  });
});

describe('an agent that refuses', () => {
  it('because it is full: the job waits a moment and goes to another', async () => {
    const full = await h.agent('refused');
    const id = await submit(await h.workflow('refused'));
    await assigned(full, id);
    full.disconnect();
    await h.jobs.runs.refused(full, id, 1, 'DISK_FULL', 'no room');
    expect(await stateOf(id)).toBe('pending');
    const other = await h.agent('refused');
    await assigned(other, id, 2);
    other.disconnect();
  });

  it('because its policy forbids it: the job fails with the reason', async () => {
    const agent = await h.agent('forbidden');
    const id = await submit(await h.workflow('forbidden'));
    await assigned(agent, id);
    await h.jobs.runs.refused(agent, id, 1, 'POLICY_FORBIDS', 'this site is not allowed here');
    expect(await h.jobs.query.job('default', id)).toMatchObject({ state: 'failed', error: { code: 'POLICY_FORBIDS' } });
    expect(await h.database.db.query(rowsOf(id))).toEqual([{ n: 0 }]);
    agent.disconnect();
  });
});

describe('an agent that comes back', () => {
  it('goes on with what it holds, gets again what it never received, and drops what it lost the right to', async () => {
    const agent = await h.agent('back', 2);
    const workflow = await h.workflow('back');
    const [kept, never] = [await submit(workflow), await submit(workflow)];
    await assigned(agent, kept);
    await assigned(agent, never);
    await h.jobs.runs.accepted(agent, kept, 1);
    await h.jobs.runs.record(agent, kept, 1, numbered(1, started));
    const stranger = crypto.randomUUID();
    const { runs, assignments } = await h.jobs.runs.reconcile(agent, [
      { jobId: kept, attempt: 1, lastSeq: 5, phase: 'running' },
      { jobId: stranger, attempt: 1, lastSeq: 5, phase: 'running' },
    ]);
    expect(runs).toMatchObject([
      { jobId: kept, verdict: 'continue', ackedSeq: 1 },
      { jobId: stranger, verdict: 'fenced' },
    ]);
    expect(assignments.map((message) => [message.jobId, message.attempt])).toEqual([[never, 1]]);
    agent.disconnect();
  });

  it('without its records: a harmless run is queued again as a new attempt with its journal', async () => {
    const agent = await h.agent('wiped');
    const id = await submit(await h.workflow('wiped'));
    await assigned(agent, id);
    await h.jobs.runs.record(agent, id, 1, numbered(1, started));
    await h.jobs.runs.reconcile(agent, []);
    agent.disconnect();
    const other = await h.agent('wiped');
    const again = await assigned(other, id, 2);
    expect(again.journal).toHaveLength(1);
    expect(await h.jobs.runs.record(agent, id, 1, numbered(2, completed))).toMatchObject({ outcome: 'fenced' });
    other.disconnect();
  });

  it('without its records, where an unsafe step may have run: a person is asked, nobody runs it again', async () => {
    const agent = await h.agent('unsafe');
    const id = await submit(await h.workflow('unsafe', { unsafe: true }));
    await assigned(agent, id);
    await h.jobs.runs.record(agent, id, 1, numbered(1, started));
    await h.jobs.runs.reconcile(agent, []);
    expect(await h.jobs.query.job('default', id)).toMatchObject({ state: 'needs_review', attempt: 1 });
    agent.disconnect();
  });
});
