/**
 * What happens to the queue when people, sweeps and dispatchers meet: a pending job has exactly one place, a job that is
 * not pending has none, and nothing stands at the head of a route for ever.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { systemClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { postgresQueue } from './queue-postgres.store.ts';
import { takeDue } from './waiting.store.ts';
import { lockForMove, move } from './transition.store.ts';
import { end } from './lease.store.ts';
import { assigned, jobsHarness, type JobsHarness } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const completed: RunEventBody = { type: 'run.completed', output: {} };
const numbered = (...bodies: RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ seq: index + 1, at, body }));
const TENANT = 'default';
const queue = postgresQueue(systemClock);

const placesOf = sql<{ ready: number; waiting: number }, [job: string]>(
  'testPlacesOf',
  `SELECT (SELECT count(*)::int FROM job_ready WHERE job_id = $1) AS ready,
     (SELECT count(*)::int FROM job_waiting WHERE job_id = $1) AS waiting`,
);
const blocked = sql<{ n: number }, []>(
  'testBlocked',
  `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
);
const setDeadline = sql<never, [job: string, at: Date]>(
  'testSetDeadline',
  `UPDATE job SET deadline = $2 WHERE id = $1`,
);
const setListed = sql<never, [job: string, at: Date]>(
  'testSetListedDeadline',
  `UPDATE job_deadline SET deadline = $2 WHERE job_id = $1`,
);
const addReady = sql<never, [job: string]>(
  'testAddReady',
  `INSERT INTO job_ready (route_id, rank, tenant_id, job_id) SELECT route_id, 0, tenant_id, id FROM job WHERE id = $1`,
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

async function submit(workflow: string, more: object = {}): Promise<string> {
  const ids = await h.jobs.submit.submit(
    h.by,
    [{ workflow, priority: 50, requires: [], maxAttempts: 3, ...more }],
    null,
  );
  if (isRefusal(ids)) throw new Error(ids.code);
  return ids[0]!;
}
async function stateOf(id: string): Promise<string> {
  const job = await h.jobs.query.job(TENANT, id);
  return isRefusal(job) ? job.code : job.state;
}
/** Resolves when some statement of this database waits for a lock. */
const somebodyWaits = () =>
  vi.waitFor(async () => expect((await h.database.db.query(blocked()))[0]!.n).toBeGreaterThan(0), 5_000);

describe('a cancel', () => {
  it('that meets a lost lease on its way back to the queue leaves no place behind', async () => {
    const agent = await h.agent('back');
    const id = await submit(await h.workflow('back'));
    await assigned(agent, id);
    agent.disconnect();
    let cancelled: Promise<unknown> = Promise.resolve();
    await h.database.db.transaction(async (tx) => {
      const job = (await lockForMove(tx, TENANT, id))!;
      await move(tx, { tenant: TENANT, jobId: id, state: job.state }, 'requeue');
      await end(tx, [{ tenant: TENANT, jobId: id, attempt: 1, outcome: 'lost' }]);
      await queue.offer(tx, TENANT, [{ jobId: id, routeId: job.routeId, rank: job.rank }]);
      cancelled = h.jobs.steer.cancel(h.by, id);
      await somebodyWaits();
    });
    expect(await cancelled).toBeNull();
    expect(await stateOf(id)).toBe('cancelled');
    expect(await h.database.db.query(placesOf(id))).toEqual([{ ready: 0, waiting: 0 }]);
  });

  it('that meets a promotion leaves no place behind', async () => {
    // Promoted by hand, so that it stands still in the middle.
    const quiet = await jobsHarness();
    const workflow = await quiet.workflow('promoted');
    const ids = (await quiet.jobs.submit.submit(
      quiet.by,
      [{ workflow, priority: 50, requires: [], maxAttempts: 3, concurrencyKey: 'k' }],
      null,
    )) as string[];
    let cancelled: Promise<unknown> = Promise.resolve();
    await quiet.database.db.transaction(async (tx) => {
      const due = await takeDue(tx, 10);
      expect(due).toHaveLength(1);
      cancelled = quiet.jobs.steer.cancel(quiet.by, ids[0]!);
      await vi.waitFor(async () => expect((await quiet.database.db.query(blocked()))[0]!.n).toBeGreaterThan(0), 5_000);
      await queue.offer(tx, TENANT, due);
    });
    expect(await cancelled).toBeNull();
    expect(await quiet.database.db.query(placesOf(ids[0]!))).toEqual([{ ready: 0, waiting: 0 }]);
    await quiet.close();
  });
});

describe('a route', () => {
  it('is not blocked by the place of a job that is over', async () => {
    const workflow = await h.workflow('poisoned');
    const over = await submit(workflow);
    await h.jobs.steer.cancel(h.by, over);
    await h.database.db.execute(addReady(over));
    const agent = await h.agent('poisoned');
    const id = await submit(workflow);
    await assigned(agent, id);
    expect(await h.database.db.query(placesOf(over))).toEqual([{ ready: 0, waiting: 0 }]);
    agent.disconnect();
  });

  it('is not held up by a job that somebody else is looking at', async () => {
    const workflow = await h.workflow('locked');
    const [first, second] = [await submit(workflow), await submit(workflow)];
    await h.database.db.transaction(async (tx) => {
      await lockForMove(tx, TENANT, first);
      const agent = await h.agent('locked', 2);
      await assigned(agent, second);
      expect(agent.sent).toHaveLength(1);
      agent.disconnect();
    });
  });
});

describe('a deadline', () => {
  const soon = () => new Date(Date.now() + 3_600_000).toISOString();
  const pass = async (id: string): Promise<void> => {
    await h.database.db.execute(setDeadline(id, new Date(Date.now() - 1_000)));
    await h.database.db.execute(setListed(id, new Date(Date.now() - 1_000)));
  };

  it('still counts for a job that came back from an agent', async () => {
    const agent = await h.agent('returned');
    const workflow = await h.workflow('returned');
    const id = await submit(workflow, { deadline: soon() });
    await assigned(agent, id);
    agent.disconnect();
    await h.jobs.runs.refused(agent, id, 1, 'DISK_FULL', 'no room');
    await pass(id);
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('timed_out'), 8_000);
    expect(await h.database.db.query(placesOf(id))).toEqual([{ ready: 0, waiting: 0 }]);
  });

  it('that has passed does not keep a person from running the job again', async () => {
    const id = await submit(await h.workflow('again'), { deadline: new Date(Date.now() - 1_000).toISOString() });
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('timed_out'), 5_000);
    expect(await h.jobs.steer.retry(h.by, id)).toBeNull();
    const agent = await h.agent('again');
    await assigned(agent, id, 1);
    agent.disconnect();
  });

  it('races 100 claims: each job starts or times out, never both, and no place is left', async () => {
    const workflow = await h.workflow('close');
    const agent = await h.agent('close', 200);
    const ids = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        submit(workflow, { deadline: new Date(Date.now() + index * 3).toISOString() }),
      ),
    );
    for (const id of ids) {
      await vi.waitFor(async () => expect(await stateOf(id)).not.toBe('pending'), 8_000);
      const state = await stateOf(id);
      const given = agent.sent.some((message) => message.type === 'job.assign' && message.jobId === id);
      if (state === 'timed_out') expect(given).toBe(false);
      else expect(await h.jobs.runs.record(agent, id, 1, numbered(started, completed))).toMatchObject({ seq: 2 });
      expect(await h.database.db.query(placesOf(id))).toEqual([{ ready: 0, waiting: 0 }]);
    }
    agent.disconnect();
  });
});
