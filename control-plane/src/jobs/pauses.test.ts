/** Pauses on a real database: of jobs that wait, of runs, against everything else that may happen to them. */
import { randomUUID } from 'node:crypto';
import type { Job, JobState } from '@casare/shared/api';
import type { RunEvent, RunEventBody, ServerMessage } from '@casare/shared/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sql } from '../platform/database/index.ts';
import * as sessions from './session.store.ts';
import { assigned, jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const paused: RunEventBody = { type: 'run.paused' };
const resumed: RunEventBody = { type: 'run.resumed' };
const completed: RunEventBody = { type: 'run.completed', output: {} };
const failed: RunEventBody = { type: 'run.failed', error: { type: 'about:blank', status: 500 } };
const numbered = (from: number, ...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: from + index, at, body }));
const TENANT = 'default';
const FAR = '2099-01-01T00:00:00.000Z';

const placesOf = sql<{ ready: number; waiting: number; keys: number; deadlines: number }, [job: string]>(
  'testPausePlaces',
  `SELECT (SELECT count(*)::int FROM job_ready WHERE job_id = $1) AS ready,
     (SELECT count(*)::int FROM job_waiting WHERE job_id = $1 AND held) AS waiting,
     (SELECT count(*)::int FROM job_key WHERE job_id = $1) AS keys,
     (SELECT count(*)::int FROM job_deadline WHERE job_id = $1) AS deadlines`,
);
const passDeadline = sql<never, [job: string]>(
  'testPassDeadline',
  `UPDATE job_deadline SET deadline = now() - interval '1 s' WHERE job_id = $1`,
);

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness({ heartbeatMs: 200, times: { leaseMs: 300, marginMs: 100, recountMs: 500 } });
  await h.jobs.start();
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

const shown = async (id: string): Promise<Job> => (await h.jobs.query.job(TENANT, id)) as Job;
const stateOf = async (id: string): Promise<JobState> => (await shown(id)).state;
const pause = (id: string) => h.jobs.steer.pause(h.by, id);
const resume = (id: string) => h.jobs.steer.resume(h.by, id);
const toldOf = (agent: TestAgent, id: string): ServerMessage[] =>
  agent.sent.filter((m) => (m.type === 'job.pause' || m.type === 'job.resume') && m.jobId === id);
const becomes = (id: string, state: JobState): Promise<void> =>
  vi.waitFor(async () => expect(await stateOf(id)).toBe(state), 10_000);

/** Its session on record, as its gateway writes it: with the time of the lease in hand, or none. */
async function greeted(agent: TestAgent, pauses = true, leaseMs = 600_000): Promise<void> {
  const gatewayId = randomUUID();
  await sessions.registerGateway(h.database.db, gatewayId);
  const session = { ...agent, gatewayId, instance: randomUUID(), epoch: 1, pauses };
  await sessions.openAll(h.database.db, [session]);
  await h.database.db.transaction((tx) => sessions.close(tx, [{ ...agent, leaseMs }]));
}

/** A job with a run on an agent of its own. */
async function running(name: string, { more = {}, options = {}, pauses = true, leaseMs = 600_000 } = {}) {
  const agent = await h.agent(name);
  await greeted(agent, pauses, leaseMs);
  const id = await h.submit(await h.workflow(name, options), more);
  await assigned(agent, id);
  await h.jobs.runs.accepted(agent, id, 1);
  await h.jobs.runs.record(agent, id, 1, numbered(1, started));
  return { agent, id };
}

describe('a job that waits', () => {
  it('is leased to nobody while it is paused, and runs when it is resumed', async () => {
    const id = await h.submit(await h.workflow('held'), { deadline: FAR });
    expect(await pause(id)).toBeNull();
    expect(await stateOf(id)).toBe('paused');
    expect(await h.database.db.query(placesOf(id))).toEqual([{ ready: 0, waiting: 1, keys: 0, deadlines: 1 }]);
    expect(await pause(id)).toBeNull();
    const agent = await h.agent('held');
    const other = await h.submit('test/held');
    await assigned(agent, other);
    await h.jobs.runs.record(agent, other, 1, numbered(1, started, completed));
    expect(await h.jobs.query.whyPending(TENANT, id)).toMatchObject({
      summary: expect.stringContaining('is paused') as unknown,
    });
    const listed = await h.jobs.query.jobs(TENANT, { ...NO_FILTER, state: 'paused' }, { limit: 10 });
    expect(listed).toMatchObject({ items: [{ id }] });
    expect(toldOf(agent, id)).toEqual([]);
    expect(await resume(id)).toBeNull();
    expect(await assigned(agent, id)).toMatchObject({ attempt: 1 });
    agent.disconnect();
  });

  it('stands in no line for its key, and gives back one that it has not used', async () => {
    const workflow = await h.workflow('keyed pause');
    const [first, second] = [
      await h.submit(workflow, { concurrencyKey: 'k' }),
      await h.submit(workflow, { concurrencyKey: 'k' }),
    ];
    await vi.waitFor(
      async () => expect(await h.database.db.query(placesOf(first))).toMatchObject([{ ready: 1, keys: 1 }]),
      5_000,
    );
    expect(await pause(first)).toBeNull();
    expect(await h.database.db.query(placesOf(first))).toMatchObject([{ ready: 0, waiting: 1, keys: 0 }]);
    await vi.waitFor(
      async () => expect(await h.database.db.query(placesOf(second))).toMatchObject([{ ready: 1, keys: 1 }]),
      5_000,
    );
    await h.jobs.steer.cancel(h.by, second);
    await resume(first);
    await vi.waitFor(
      async () => expect(await h.database.db.query(placesOf(first))).toMatchObject([{ ready: 1, keys: 1 }]),
      5_000,
    );
    await h.jobs.steer.cancel(h.by, first);
  });

  it('is cancelled at once, and its deadline passes all the same', async () => {
    const workflow = await h.workflow('over while held');
    const [cancelled, late] = [await h.submit(workflow), await h.submit(workflow, { deadline: FAR })];
    await pause(cancelled);
    await pause(late);
    expect(await h.jobs.steer.cancel(h.by, cancelled)).toBeNull();
    expect(await stateOf(cancelled)).toBe('cancelled');
    expect(await h.database.db.query(placesOf(cancelled))).toMatchObject([{ ready: 0, waiting: 0 }]);
    await h.database.db.execute(passDeadline(late));
    await becomes(late, 'timed_out');
    expect(await h.database.db.query(placesOf(late))).toMatchObject([{ waiting: 0, deadlines: 0 }]);
  });
});

describe('a run', () => {
  it('is paused when it says so, keeps its lease, and goes on when it says that', async () => {
    const { agent, id } = await running('run paused');
    expect(await pause(id)).toBeNull();
    expect(toldOf(agent, id)).toEqual([{ type: 'job.pause', jobId: id, attempt: 1, word: 1 }]);
    expect(await shown(id)).toMatchObject({ state: 'running', pausing: true });
    expect(await pause(id)).toBeNull();
    await h.jobs.runs.record(agent, id, 1, numbered(2, paused));
    expect(await stateOf(id)).toBe('paused');
    expect(await resume(id)).toBeNull();
    expect(toldOf(agent, id).at(-1)).toEqual({ type: 'job.resume', jobId: id, attempt: 1, word: 2 });
    await h.jobs.runs.record(agent, id, 1, numbered(3, resumed, completed));
    expect(await shown(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect(await pause(id)).toMatchObject({ code: 'JOB_WRONG_STATE' });
    // Whoever reads the log, or the record, sees when it stood still.
    expect(await h.jobs.query.logs(TENANT, id, { limit: 10 })).toMatchObject({
      items: [{ seq: 2, level: 'info', message: expect.stringContaining('is paused') as unknown }, { seq: 3 }],
    });
    agent.disconnect();
  });

  it('on an agent that knows no pauses is refused one, with what to do', async () => {
    const { agent, id } = await running('too old', { pauses: false });
    expect(await pause(id)).toMatchObject({
      code: 'AGENT_CANNOT_PAUSE',
      fix: expect.stringContaining('Update') as unknown,
    });
    expect(toldOf(agent, id)).toEqual([]);
    await h.jobs.runs.record(agent, id, 1, numbered(2, completed));
    agent.disconnect();
  });

  it('is told again over the next session, and by the welcome of an agent that was restarted', async () => {
    const { agent, id } = await running('told again');
    await pause(id);
    agent.disconnect();
    const held = [{ jobId: id, attempt: 1, lastSeq: 1, ackedSeq: 1, phase: 'running' as const }];
    const { runs, leases } = await h.jobs.runs.reconcile(agent, held);
    expect(runs).toMatchObject([{ verdict: 'continue', pause: { word: 1, paused: true } }]);
    expect(leases).toMatchObject([{ pauseWord: 1 }]);
    agent.sent.length = 0;
    agent.reconnect(randomUUID(), leases);
    await vi.waitFor(() => expect(toldOf(agent, id)).toMatchObject([{ type: 'job.pause', word: 1 }]), 5_000);
    await h.jobs.runs.record(agent, id, 1, numbered(2, { ...started, resumed: true }, paused));
    expect(await stateOf(id)).toBe('paused');
    await h.jobs.steer.cancel(h.by, id);
    expect(agent.sent.at(-1)).toMatchObject({ type: 'job.cancel', jobId: id });
    await h.jobs.runs.record(agent, id, 1, numbered(4, { type: 'run.cancelled', reason: 'asked' }));
    expect(await stateOf(id)).toBe('cancelled');
  });

  it('that is tried again after a failure waits for whoever paused it', async () => {
    const { agent, id } = await running('tried again', { more: { retry: { attempts: 3, backoffMs: 1 } } });
    await pause(id);
    await h.jobs.runs.record(agent, id, 1, numbered(2, failed));
    expect(await stateOf(id)).toBe('paused');
    expect(await h.database.db.query(placesOf(id))).toMatchObject([{ ready: 0, waiting: 1 }]);
    await resume(id);
    await assigned(agent, id, 2);
    agent.disconnect();
  });

  it('that is lost is not begun elsewhere before it is resumed', async () => {
    const { agent, id } = await running('lost', { leaseMs: 0 });
    await pause(id);
    await h.jobs.runs.record(agent, id, 1, numbered(2, paused));
    agent.disconnect();
    await vi.waitFor(
      async () => expect(await h.database.db.query(placesOf(id))).toMatchObject([{ waiting: 1 }]),
      10_000,
    );
    expect(await shown(id)).toMatchObject({ state: 'paused', agent: null });
    agent.reconnect(randomUUID());
    await resume(id);
    expect(await assigned(agent, id, 2)).toMatchObject({ journal: [{ body: { type: 'run.started' } }] });
    agent.disconnect();
  });

  it('that a person was asked about is paused again when its silent agent comes back', async () => {
    const { agent, id } = await running('silent pause', { options: { unsafe: true, graceMs: 0 }, leaseMs: 0 });
    await pause(id);
    await h.jobs.runs.record(agent, id, 1, numbered(2, paused));
    agent.disconnect();
    await becomes(id, 'needs_review');
    const held = [{ jobId: id, attempt: 1, lastSeq: 2, ackedSeq: 2, phase: 'running' as const }];
    await greeted(agent);
    expect((await h.jobs.runs.reconcile(agent, held)).runs).toMatchObject([{ pause: { paused: true } }]);
    expect(await stateOf(id)).toBe('paused');
  });

  it('goes on by an action on many while its step is under way, and those that nobody paused are not told', async () => {
    const { agent, id } = await running('pausing of many');
    await greeted(agent);
    const untouched = await running('running of many');
    await pause(id);
    expect(await shown(id)).toMatchObject({ state: 'running', pausing: true });
    const act = { action: 'resume' as const, limit: 500, dryRun: false };
    const counted = await h.jobs.actions.run(h.by, {
      ...act,
      dryRun: true,
      filter: { workflow: 'test/running of many' },
    });
    expect(counted).toMatchObject({ remaining: 0 });
    const done = await h.jobs.actions.run(h.by, { ...act, filter: { workflow: 'test/pausing of many' } });
    expect(done).toMatchObject({ ids: [id], refused: [] });
    expect((await shown(id)).pausing).toBeUndefined();
    expect(toldOf(untouched.agent, untouched.id)).toEqual([]);
    for (const one of [agent, untouched.agent]) one.disconnect();
  });

  it('is reached on another replica', async () => {
    const other = h.replica();
    await other.start();
    const agent = await h.agent('pause elsewhere', 1, other);
    await greeted(agent);
    const id = await h.submit(await h.workflow('pause elsewhere'));
    await assigned(agent, id);
    await other.runs.record(agent, id, 1, numbered(1, started));
    expect(await pause(id)).toBeNull();
    await vi.waitFor(() => expect(toldOf(agent, id)).toHaveLength(1), 5_000);
    expect(await resume(id)).toBeNull();
    await vi.waitFor(
      () => expect(toldOf(agent, id)).toMatchObject([{ word: 1 }, { type: 'job.resume', word: 2 }]),
      5_000,
    );
    await other.runs.record(agent, id, 1, numbered(2, completed));
    await other.stop();
  });
});

const NO_FILTER = { state: null, workflow: null, agent: null, since: null, text: null };
