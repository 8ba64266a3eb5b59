/**
 * Dispatching by several replicas and across lost answers: every job ends once, a cancel reaches its agent wherever the
 * tunnel is, no slot leaks, and a run that ended is never handed out again.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JobAssign, RunEvent, RunEventBody } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import type { Jobs } from './jobs.module.ts';
import { assigned, jobsHarness, type JobsHarness } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const completed: RunEventBody = { type: 'run.completed', output: {} };
const failed: RunEventBody = { type: 'run.failed', error: { type: 'about:blank', status: 500 } };
const cancelledRun: RunEventBody = { type: 'run.cancelled', reason: 'asked' };
const numbered = (...bodies: RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ seq: index + 1, at, body }));
const TENANT = 'default';

const leaseOf = sql<{ attempt: number; slot: 'plain' }, [job: string]>(
  'testLeaseOf',
  'SELECT attempt, slot FROM job_lease WHERE job_id = $1',
);
const leftovers = sql<{ n: number }, [ids: string[]]>(
  'testLeftovers',
  `SELECT sum(n)::int AS n FROM (
     SELECT count(*) AS n FROM job_lease WHERE job_id = ANY($1::uuid[])
     UNION ALL SELECT count(*) FROM job_ready WHERE job_id = ANY($1::uuid[])
     UNION ALL SELECT count(*) FROM job_waiting WHERE job_id = ANY($1::uuid[])
     UNION ALL SELECT count(*) FROM job_key WHERE job_id = ANY($1::uuid[])) AS rows`,
);
const endings = sql<{ n: number; jobs: number }, [ids: string[]]>(
  'testEndings',
  `SELECT count(*)::int AS n, count(DISTINCT job_id)::int AS jobs FROM job_attempt
   WHERE job_id = ANY($1::uuid[]) AND outcome IN ('succeeded', 'failed', 'cancelled')`,
);

let h: JobsHarness;
let other: Jobs;
beforeAll(async () => {
  h = await jobsHarness({ heartbeatMs: 1_000, times: { recountMs: 500, acceptMs: 1_000 } });
  other = h.replica();
  await h.jobs.start();
  await other.start();
});
afterAll(async () => {
  await other.stop();
  await h.jobs.stop();
  await h.close();
});

const submit = (workflow: string, more: object = {}): Promise<string> => h.submit(workflow, more);
async function stateOf(id: string): Promise<string> {
  const job = await h.jobs.query.job(TENANT, id);
  return isRefusal(job) ? job.code : job.state;
}

describe('a job whose secrets cannot be opened now', () => {
  it('waits with its lease, over a reconnect too, and is sent when they can', async () => {
    h.away.add('knownKey');
    const agent = await h.agent('locked');
    const id = await submit(await h.workflow('locked', { secrets: ['knownKey'] }));
    await expect.poll(() => stateOf(id)).toBe('leased');
    expect(await h.jobs.runs.reconcile(agent, [])).toMatchObject({ assignments: [], leases: [{ jobId: id }] });
    expect([await stateOf(id), agent.sent.length]).toEqual(['leased', 0]);
    h.away.clear();
    await expect.poll(() => agent.sent).toMatchObject([{ jobId: id, secrets: { knownKey: 'a known value' } }]);
    agent.disconnect();
  });
});

describe('a cancel', () => {
  it('that races the claim reaches the agent after the assignment, 100 times', async () => {
    const workflow = await h.workflow('raced');
    const agent = await h.agent('raced', 200);
    const ids = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const id = await submit(workflow);
        expect(await h.jobs.steer.cancel(h.by, id)).toBeNull();
        return id;
      }),
    );
    for (const id of ids) {
      const state = await stateOf(id);
      if (state === 'cancelling') {
        // The agent that was given the job is told of the cancel AFTER it was given it.
        const assign = await assigned(agent, id);
        await vi.waitFor(() => {
          const last = agent.sent.findLastIndex((m) => m.type === 'job.cancel' && m.jobId === id);
          expect(last).toBeGreaterThan(agent.sent.indexOf(assign));
        });
        await h.jobs.runs.record(agent, id, 1, numbered(cancelledRun));
      }
      expect(await stateOf(id)).toBe('cancelled');
    }
    agent.disconnect();
  });

  it('reaches an agent whose tunnel is on another replica', async () => {
    const agent = await h.agent('elsewhere', 1, other);
    const id = await submit(await h.workflow('elsewhere'));
    await assigned(agent, id);
    await other.runs.accepted(agent, id, 1);
    expect(await h.jobs.steer.cancel(h.by, id)).toBeNull();
    const cancels = () => agent.sent.filter((message) => message.type === 'job.cancel' && message.jobId === id);
    await vi.waitFor(() => expect(cancels()).toHaveLength(1), 5_000);
    await other.runs.record(agent, id, 1, numbered(cancelledRun));
    agent.disconnect();
  });

  it('is told again after an assignment that is sent again', async () => {
    const agent = await h.agent('twice');
    const id = await submit(await h.workflow('twice'));
    await assigned(agent, id);
    await h.jobs.steer.cancel(h.by, id);
    // Nobody accepts: the assignment is sent again, and the cancel must not stay behind it.
    await vi.waitFor(
      () => expect(agent.sent.filter(({ type }) => type === 'job.assign').length).toBeGreaterThan(1),
      5_000,
    );
    expect(agent.sent.at(-1)).toMatchObject({ type: 'job.cancel', jobId: id });
    await h.jobs.runs.record(agent, id, 1, numbered(cancelledRun));
    agent.disconnect();
  });
});

describe('a slot', () => {
  it('is free again when the end of its job was missed', async () => {
    const agent = await h.agent('missed');
    const workflow = await h.workflow('missed');
    const first = await submit(workflow);
    await assigned(agent, first);
    // Recorded by the other replica: the one with the tunnel is not told.
    await other.runs.record(agent, first, 1, numbered(started, completed));
    await assigned(agent, await submit(workflow));
    agent.disconnect();
  });

  it('is taken by a lease whose claim this replica does not remember', async () => {
    const agent = await h.agent('forgotten');
    const workflow = await h.workflow('forgotten');
    const first = await submit(workflow);
    await assigned(agent, first);
    // As after a COMMIT whose answer was lost.
    h.jobs.dispatcher.released(agent.agentId, { jobId: first, attempt: 1 });
    // Sent again, because nobody accepted it, and only an assignment of a known lease is sent.
    await vi.waitFor(() => {
      const sent = agent.sent.filter((message) => message.type === 'job.assign' && message.jobId === first);
      expect(sent.length).toBeGreaterThan(1);
    }, 8_000);
    agent.disconnect();
  });
});

describe('an assignment', () => {
  it('is not sent after the end of its run was acknowledged', async () => {
    const agent = await h.agent('late');
    const id = await submit(await h.workflow('late'));
    await assigned(agent, id);
    await h.jobs.runs.record(agent, id, 1, numbered(started, completed));
    const before = agent.sent.length;
    await h.jobs.dispatcher.deliver({ tenant: TENANT, jobId: id, attempt: 1 }, agent.agentId);
    expect(agent.sent).toHaveLength(before);
    agent.disconnect();
  });

  it('that a person took away is fenced at once', async () => {
    const agent = await h.agent('settled');
    const id = await submit(await h.workflow('settled', { unsafe: true }));
    await assigned(agent, id);
    await h.jobs.runs.record(agent, id, 1, numbered(started));
    await h.jobs.runs.reconcile(agent, []);
    await h.jobs.steer.review(h.by, id, { decision: 'fail', reason: 'looked' });
    expect(await h.database.db.query(leaseOf(id))).toEqual([]);
    agent.disconnect();
  });
});

describe('two replicas with four agents', () => {
  it('end each of 300 jobs exactly once, whatever agents refuse, fail, repeat or drop', async () => {
    const workflow = await h.workflow('crowd');
    const agents = await Promise.all([h.jobs, h.jobs, other, other].map((replica) => h.agent('crowd', 20, replica)));
    const replicas = [h.jobs, h.jobs, other, other];
    const request = { workflow, priority: 50, requires: [], maxAttempts: 50 };
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const ids = (await h.jobs.submit.submit(
      h.by,
      Array.from({ length: 300 }, (_, index) =>
        index % 30 === 0 ? { ...request, concurrencyKey: keys[(index / 30) % 5]! } : request,
      ),
      null,
    )) as string[];
    let seed = 42;
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    const running = new Map<string, number>();
    let overlaps = 0;
    const act = async (index: number, { jobId, attempt }: JobAssign): Promise<void> => {
      const [agent, { runs }] = [agents[index]!, replicas[index]!];
      const dice = random();
      if (dice < 0.1) return runs.refused(agent, jobId, attempt, 'AGENT_NO_SLOT', 'full');
      if (running.has(jobId)) overlaps += 1;
      running.set(jobId, attempt);
      await runs.accepted(agent, jobId, attempt);
      await runs.record(agent, jobId, attempt, numbered(started));
      const ending = dice < 0.3 ? failed : completed;
      running.delete(jobId);
      const whole = numbered(started, ending);
      expect(await runs.record(agent, jobId, attempt, whole)).toEqual({ outcome: 'acked', seq: 2 });
      // The acknowledgement was lost, and a late writer shows up.
      if (dice > 0.8) expect(await runs.record(agent, jobId, attempt, whole)).toEqual({ outcome: 'acked', seq: 2 });
      if (dice > 0.9) expect(await runs.record(agent, jobId, attempt + 1, whole)).toMatchObject({ outcome: 'fenced' });
    };
    const handled = agents.map(() => new Set<string>());
    await vi.waitFor(
      async () => {
        const work: Promise<void>[] = [];
        agents.forEach((agent, index) => {
          for (const message of agent.sent) {
            if (message.type !== 'job.assign' || handled[index]!.has(`${message.jobId} ${message.attempt}`)) continue;
            handled[index]!.add(`${message.jobId} ${message.attempt}`);
            work.push(act(index, message));
          }
        });
        await Promise.all(work);
        expect(await h.database.db.query(endings(ids))).toEqual([{ n: 300, jobs: 300 }]);
      },
      { timeout: 30_000, interval: 20 },
    );
    expect(overlaps).toBe(0);
    expect(await h.database.db.query(leftovers(ids))).toEqual([{ n: 0 }]);
    for (const agent of agents) agent.disconnect();
    for (const id of ids) expect(['succeeded', 'failed']).toContain(await stateOf(id));
  }, 40_000);
});
