/** Lost leases on a real database: who counts as silent, when, and what becomes of the job (design section 6). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { LEASE_MS } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { assigned, jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';
import * as sessions from './session.store.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const completed: RunEventBody = { type: 'run.completed', output: {} };
const click: RunEventBody = {
  ...{ type: 'step.started', path: '/do/0/act', position: '/do/0/act', name: 'act', task: 'call' },
  ...{ effect: 'unsafe', onRestart: 'suspend' },
};
const numbered = (...bodies: RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ seq: index + 1, at, body }));
const TENANT = 'default';
/** Lease, margin and heartbeat of these tests, milliseconds. */
const [LEASE, MARGIN, HEARTBEAT] = [400, 200, 300];

const attempts = sql<{ attempt: number; outcome: string | null; silent: number | null }, [job: string]>(
  'testAttempts',
  `SELECT t.attempt, t.outcome,
     (extract(epoch FROM t.ended_at - s.lease_until) * 1000)::float8 AS silent
   FROM (SELECT job_id, agent_id, attempt, outcome, ended_at FROM job_attempt
     UNION ALL SELECT job_id, agent_id, attempt, NULL, NULL FROM job_lease) t LEFT JOIN agent_session s ON s.agent_id = t.agent_id
   WHERE t.job_id = $1 ORDER BY t.attempt`,
);
const leases = sql<{ attempt: number }, [job: string]>('testLeases', 'SELECT attempt FROM job_lease WHERE job_id = $1');
const leaseUntil = sql<{ ms: number }, [agent: string]>(
  'testLeaseUntil',
  `SELECT (extract(epoch FROM lease_until - clock_timestamp()) * 1000)::float8 AS ms FROM agent_session WHERE agent_id = $1`,
);
const lockAgent = sql<never, [agent: string]>('testLockAgent', 'SELECT FROM agent WHERE id = $1 FOR UPDATE');
const waits = sql<{ n: number }, []>(
  'testWaits',
  `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
);
const ageLeases = sql<never, [agent: string]>(
  'testAgeLeases',
  `UPDATE job_lease SET leased_at = leased_at - interval '1 day' WHERE agent_id = $1`,
);
const addOld = sql<never, [n: number, workflow: string, agent: string]>(
  'testAddOld',
  `WITH jobs AS (
     INSERT INTO job (tenant_id, id, workflow_id, route_id, state, priority, attempt, max_attempts, agent_id, input, created_by)
     SELECT 'default', gen_random_uuid(), $2, (SELECT min(id) FROM route), 'needs_review', 50, 1, 3, $3, '{}', 'test'
     FROM generate_series(1, $1) RETURNING id
   )
   INSERT INTO job_lease (tenant_id, job_id, attempt, agent_id, slot, leased_at, accepted)
   SELECT 'default', id, 1, $3, 'plain', now() - interval '1 day', true FROM jobs`,
);
const versionOf = sql<{ id: string }, [name: string]>(
  'testVersionOf',
  'SELECT id FROM workflow_version WHERE name = $1',
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

const submit = (workflow: string, more: object = {}): Promise<string> => h.submit(workflow, more);
async function stateOf(id: string): Promise<string> {
  const job = await h.jobs.query.job(TENANT, id);
  return isRefusal(job) ? job.code : job.state;
}
/** A gateway that beats as often as the test says. */
async function gateway(): Promise<string> {
  const id = randomUUID();
  await sessions.registerGateway(h.database.db, id);
  return id;
}
async function connect(agent: TestAgent, gatewayId: string, leaseMs = LEASE): Promise<string> {
  const sessionId = randomUUID();
  const session = { ...agent, sessionId, gatewayId, instance: randomUUID(), epoch: 1 };
  expect(await sessions.openAll(h.database.db, [session], leaseMs)).not.toEqual([null]);
  return sessionId;
}

async function disconnect(agent: TestAgent, sessionId: string, leaseMs: number): Promise<void> {
  await h.database.db.transaction((tx) => sessions.close(tx, [{ ...agent, sessionId, leaseMs }]));
}

describe('a lease', () => {
  it('is lost when its agent stayed away for the lease and the margin, not earlier, and the job runs elsewhere', async () => {
    const agent = await h.agent('away');
    const session = await connect(agent, await gateway());
    const id = await submit(await h.workflow('away'));
    await assigned(agent, id);
    await h.jobs.runs.record(agent, id, 1, numbered(started));
    agent.disconnect();
    await disconnect(agent, session, 1_000);
    const second = await h.agent('away');
    expect((await assigned(second, id, 2)).journal).toHaveLength(1);
    const [first] = await h.database.db.query(attempts(id));
    expect(first).toMatchObject({ attempt: 1, outcome: 'lost' });
    expect(first!.silent).toBeGreaterThan(MARGIN);
    expect(await h.jobs.runs.record(agent, id, 1, numbered(started, completed))).toMatchObject({ outcome: 'fenced' });
    second.disconnect();
  });

  it('goes on when the agent of a dead gateway is taken over by another in time, and is lost when it is not', async () => {
    const [dead, alive] = [await gateway(), await gateway()];
    const beating = setInterval(() => void sessions.heartbeat(h.database.db, alive), 100);
    const workflow = await h.workflow('orphaned');
    const [kept, gone] = [await h.agent('orphaned'), await h.agent('orphaned')];
    const ids = [await submit(workflow), await submit(workflow)];
    for (const agent of [kept, gone]) await connect(agent, dead);
    await connect(kept, alive);
    const of = (agent: TestAgent) =>
      ids.find((id) => agent.sent.some((m) => m.type === 'job.assign' && m.jobId === id));
    await vi.waitFor(() => expect([of(kept), of(gone)]).not.toContain(undefined), 5_000);
    const [first, second] = [of(kept)!, of(gone)!];
    gone.disconnect();
    await vi.waitFor(async () => expect(await stateOf(second)).toBe('pending'), 8_000);
    expect(await stateOf(first)).toBe('leased');
    expect(await h.jobs.runs.record(kept, first, 1, numbered(started, completed))).toMatchObject({ outcome: 'acked' });
    clearInterval(beating);
    // The slot is free again, so the lost job comes here.
    await assigned(kept, second, 2);
    kept.disconnect();
  });

  it('of an agent that has no session row is lost too', async () => {
    const agent = await h.agent('rowless');
    const id = await submit(await h.workflow('rowless'));
    await assigned(agent, id);
    agent.disconnect();
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('pending'), 8_000);
  });

  it('is bounded by its gateway also when that has unregistered before the end of the session was written', async () => {
    const agent = await h.agent('unwritten');
    const id = await gateway();
    await connect(agent, id);
    await sessions.unregisterGateway(h.database.db, id);
    expect(await sessions.heartbeat(h.database.db, id)).toBe(true);
    agent.disconnect();
    // Dead or not, a gateway with a session is kept; one without is forgotten.
    const idle = await gateway();
    await sessions.forgetDeadGateways(h.database.db, -60_000);
    expect(await sessions.heartbeat(h.database.db, id)).toBe(true);
    expect(await sessions.heartbeat(h.database.db, idle)).toBe(false);
  });

  it('is not shortened by a session that ended before it was welcomed', async () => {
    const agent = await h.agent('flapping');
    const gatewayId = await gateway();
    await connect(agent, gatewayId, LEASE_MS);
    const next = await connect(agent, gatewayId, LEASE_MS);
    await disconnect(agent, next, 0);
    const [row] = await h.database.db.query(leaseUntil(agent.agentId));
    expect(row!.ms).toBeGreaterThan(LEASE_MS / 2);
    agent.disconnect();
  });

  it('is closed and opened again at the same moment without a deadlock', async () => {
    const agent = await h.agent('crossing');
    const gatewayId = await gateway();
    const sessionId = await connect(agent, gatewayId);
    let closed: Promise<unknown> = Promise.resolve();
    await h.database.db.transaction(async (tx) => {
      // As a greeting does: the agent's row first, then its session.
      await tx.query(lockAgent(agent.agentId));
      closed = h.database.db.transaction(async (other) => {
        await sessions.close(other, [{ ...agent, sessionId, leaseMs: 0 }]);
        await other.query(lockAgent(agent.agentId));
      });
      await vi.waitFor(async () => expect((await h.database.db.query(waits()))[0]!.n).toBeGreaterThan(0), 5_000);
      const again = { ...agent, sessionId: randomUUID(), gatewayId, instance: randomUUID(), epoch: 1 };
      expect(await sessions.openAll(tx, [again])).toMatchObject([{ replaced: sessionId }]);
    });
    await closed;
    agent.disconnect();
  });
});

describe('the sweep', () => {
  it('never gives a job with an unsafe step within reach to the idle agent next door: a person is asked', async () => {
    const name = 'partitioned';
    const workflow = await h.workflow(name, { unsafe: true, graceMs: 3 * LEASE });
    const agent = await h.agent(name);
    const session = await connect(agent, await gateway());
    const id = await submit(workflow);
    await assigned(agent, id);
    await h.jobs.runs.record(agent, id, 1, numbered(started));
    agent.disconnect();
    await disconnect(agent, session, LEASE);
    const idle = await h.agent(name);
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('needs_review'), 10_000);
    expect(idle.sent).toEqual([]);
    // The agent comes back with its outbox: the click happened, once, and the job ends as it did.
    const done: RunEventBody = {
      ...{ type: 'step.completed', path: '/do/0/act', position: '/do/0/act', output: {}, durationMs: 1 },
    };
    const outbox = numbered(started, click, done, completed);
    expect(await h.jobs.runs.record(agent, id, 1, outbox)).toEqual({ outcome: 'acked', seq: 4 });
    expect(await stateOf(id)).toBe('succeeded');
    expect(idle.sent).toEqual([]);
    idle.disconnect();
  });

  it('is not kept from new losses by many that wait for a person', async () => {
    const unsafe = await h.workflow('old', { unsafe: true });
    const silent = await h.agent('old');
    await submit(unsafe).then((id) => assigned(silent, id));
    silent.disconnect();
    const [version] = await h.database.db.query(versionOf('old'));
    await h.database.db.execute(addOld(600, version!.id, silent.agentId));
    const agent = await h.agent('fresh');
    const id = await submit(await h.workflow('fresh'));
    await assigned(agent, id);
    agent.disconnect();
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('pending'), 15_000);
  }, 20_000);

  it('goes past a job that it cannot settle', async () => {
    const broken = await h.agent('broken');
    await h.workflow('broken');
    // No such workflow is known to the port: looking at the job throws.
    await h.database.db.execute(addOld(1, randomUUID(), broken.agentId));
    broken.disconnect();
    const agent = await h.agent('whole');
    const id = await submit(await h.workflow('whole'));
    await assigned(agent, id);
    agent.disconnect();
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('pending'), 8_000);
  });
});

describe('an agent that comes back without its records', () => {
  it('has its slot free while a person is asked: nobody can settle that attempt any more', async () => {
    const agent = await h.agent('wiped');
    const workflow = await h.workflow('wiped', { unsafe: true });
    const id = await submit(workflow);
    await assigned(agent, id);
    await h.jobs.runs.record(agent, id, 1, numbered(started));
    const { leases: kept } = await h.jobs.runs.reconcile(agent, []);
    expect(kept).toEqual([]);
    expect(await stateOf(id)).toBe('needs_review');
    expect(await h.database.db.query(leases(id))).toEqual([]);
    await assigned(agent, await submit(workflow));
    agent.disconnect();
    await h.database.db.execute(ageLeases(agent.agentId));
  });

  it('loses the lease also of a job that is in review already', async () => {
    const agent = await h.agent('wiped later');
    const id = await submit(await h.workflow('wiped later', { unsafe: true, graceMs: 0 }));
    await assigned(agent, id);
    await h.jobs.runs.record(agent, id, 1, numbered(started));
    agent.disconnect();
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('needs_review'), 8_000);
    expect(await h.database.db.query(leases(id))).toEqual([{ attempt: 1 }]);
    await h.jobs.runs.reconcile(agent, []);
    expect(await stateOf(id)).toBe('needs_review');
    expect(await h.database.db.query(leases(id))).toEqual([]);
  });
});
