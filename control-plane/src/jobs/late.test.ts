/**
 * What must end though its agent does nothing for it: an assignment whose deadline passed on the way, and a cancel whose
 * agent never returns. Through the sweeps, on a database.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import * as sessions from './session.store.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const numbered = (...bodies: RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ seq: index + 1, at, body }));
const TENANT = 'default';
/** Lease, margin, heartbeat and the time to accept of these tests, milliseconds. */
const [LEASE, MARGIN, HEARTBEAT, ACCEPT] = [300, 100, 200, 600];

const passDeadline = sql<never, [job: string]>(
  'testPassDeadline',
  `UPDATE job SET deadline = now() - interval '1 second' WHERE id = $1`,
);
const leases = sql<{ n: number }, [job: string]>(
  'testLateLeases',
  'SELECT count(*)::int AS n FROM job_lease WHERE job_id = $1',
);

let h: JobsHarness;
beforeAll(async () => {
  const times = { leaseMs: LEASE, marginMs: MARGIN, recountMs: 500, acceptMs: ACCEPT };
  h = await jobsHarness({ heartbeatMs: HEARTBEAT, times });
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
const assignments = (agent: TestAgent, id: string) =>
  agent.sent.filter((message) => message.type === 'job.assign' && message.jobId === id);

/** A job that its agent was sent; its session keeps the sweep for lost leases away while `present`. */
async function sent(name: string, options: { unsafe?: boolean; graceMs?: number } = {}, present = true) {
  const workflow = await h.workflow(name, options);
  const agent = await h.agent(name);
  const gatewayId = randomUUID();
  await sessions.registerGateway(h.database.db, gatewayId);
  const session = { ...agent, gatewayId, instance: randomUUID(), epoch: 1 };
  await sessions.openAll(h.database.db, [session], 600_000);
  if (present) await sessions.openAll(h.database.db, [{ ...session, sessionId: randomUUID() }], 600_000);
  const request = { workflow, priority: 50, requires: [], maxAttempts: 3 };
  const ids = await h.jobs.submit.submit(h.by, [{ ...request, deadline: '2090-01-01T00:00:00.000Z' }], null);
  if (isRefusal(ids)) throw new Error(ids.code);
  const id = ids[0]!;
  await vi.waitFor(() => expect(assignments(agent, id)).toHaveLength(1), 5_000);
  return { agent, id };
}

describe('an assignment whose deadline has passed', () => {
  it('is not sent again to an agent that did not accept it: the job has timed out, and the agent is fenced', async () => {
    const { agent, id } = await sent('late');
    const control = await sent('in time');
    await h.database.db.execute(passDeadline(id));
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('timed_out'), 5_000);
    await vi.waitFor(() => expect(assignments(control.agent, control.id).length).toBeGreaterThan(1), 5_000);
    expect(assignments(agent, id)).toHaveLength(1);
    expect(await h.jobs.query.job(TENANT, id)).toMatchObject({ error: { code: 'JOB_DEADLINE' } });
    // It may have got it: it is told, and may not write.
    await vi.waitFor(() => expect(agent.sent.at(-1)).toMatchObject({ type: 'run.fenced', jobId: id }), 5_000);
    expect(await h.jobs.runs.record(agent, id, 1, numbered(started))).toMatchObject({ outcome: 'fenced' });
    agent.disconnect();
    control.agent.disconnect();
  });

  it('is not sent to an agent that comes back without having got it', async () => {
    const { agent, id } = await sent('back late');
    const control = await sent('back in time');
    agent.disconnect();
    control.agent.disconnect();
    await h.database.db.execute(passDeadline(id));
    expect((await h.jobs.runs.reconcile(agent, [])).assignments).toEqual([]);
    expect(await stateOf(id)).toBe('timed_out');
    expect((await h.jobs.runs.reconcile(control.agent, [])).assignments).toMatchObject([{ jobId: control.id }]);
  });

  it('does not end a job that had begun in time', async () => {
    const { agent, id } = await sent('begun');
    await h.jobs.runs.record(agent, id, 1, numbered(started));
    await h.database.db.execute(passDeadline(id));
    const held = [{ jobId: id, attempt: 1, lastSeq: 1, phase: 'running' as const }];
    expect((await h.jobs.runs.reconcile(agent, held)).runs).toMatchObject([{ verdict: 'continue' }]);
    expect(await stateOf(id)).toBe('running');
    agent.disconnect();
  });
});

describe('a cancel whose agent never returns', () => {
  it('ends the job when the lease is lost and nothing unsafe can have run', async () => {
    const { agent, id } = await sent('harmless', {}, false);
    await h.jobs.runs.record(agent, id, 1, numbered(started));
    agent.disconnect();
    await h.database.db.transaction((tx) => sessions.close(tx, [{ ...agent, leaseMs: LEASE }]));
    expect(await h.jobs.steer.cancel(h.by, id)).toBeNull();
    expect(await stateOf(id)).toBe('cancelling');
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('cancelled'), 10_000);
    expect(await h.database.db.query(leases(id))).toEqual([{ n: 0 }]);
  });

  it('asks a person where an unsafe step may have run, whose cancel ends it', async () => {
    const { agent, id } = await sent('unsafe', { unsafe: true, graceMs: 0 }, false);
    await h.jobs.runs.record(agent, id, 1, numbered(started));
    agent.disconnect();
    await h.database.db.transaction((tx) => sessions.close(tx, [{ ...agent, leaseMs: LEASE }]));
    expect(await h.jobs.steer.cancel(h.by, id)).toBeNull();
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('needs_review'), 10_000);
    expect(await h.jobs.steer.cancel(h.by, id)).toBeNull();
    expect(await stateOf(id)).toBe('cancelled');
    expect(await h.database.db.query(leases(id))).toEqual([{ n: 0 }]);
  });
});
