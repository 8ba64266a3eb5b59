/** The locks of a batch of events, when somebody changes the job or the lease at the same time. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { BY_KEY, sql } from '../platform/database/index.ts';
import { accept } from './lease.store.ts';
import { lockHeldLeases } from './run.store.ts';
import { assigned, jobsHarness, type JobsHarness } from './testing.ts';

const touchJob = sql<never, [job: string]>('testTouchJob', 'UPDATE job SET created_by = created_by WHERE id = $1');
const touchLease = sql<never, [job: string]>(
  'testTouchLease',
  'UPDATE job_lease SET settle_after = NULL WHERE job_id = $1',
);
const blocked = sql<{ n: number }, []>(
  'testBlockedOnLocks',
  `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
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

const TENANT = 'default';

it.each([
  ['its job', touchJob],
  ['its lease', touchLease],
])('a batch waits for who changes %s, and goes on', async (what, touch) => {
  const { db } = h.database;
  const agent = await h.agent(`locks ${what.slice(4)}`);
  const workflow = await h.workflow(`locks-${what.slice(4)}`);
  const id = await h.submit(workflow);
  await assigned(agent, id);
  const writers = [{ tenant: TENANT, jobId: id, attempt: 1, agentId: agent.agentId }];
  const look = (): Promise<unknown> => db.transaction((tx) => lockHeldLeases(tx, writers), { settings: BY_KEY });
  const waits = (): Promise<void> =>
    vi.waitFor(async () => expect((await db.query(blocked()))[0]!.n).toBeGreaterThan(0), 5_000);
  let found: Promise<unknown> = Promise.resolve();
  let accepting: Promise<unknown> = Promise.resolve();
  await db.transaction(async (tx) => {
    await tx.execute(touch(id));
    found = look();
    await waits();
    accepting = accept(db, writers);
  });
  expect(await found).toHaveLength(1);
  await accepting;
});
