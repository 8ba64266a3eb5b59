/** What is over goes after as many days as its tenant wants; what is open or in review stays, however old. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { createIds, firstIdAt } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { RetentionSweep } from './retention.ts';

const DAY_MS = 86_400_000;
const addTenant = sql<never, [id: string]>('testAddTenantKept', 'INSERT INTO tenant (id, name) VALUES ($1, $1)');
const keep = sql<never, [tenant: string, jobs: number | null, logs: number | null, artifacts: number | null]>(
  'testKeep',
  `INSERT INTO tenant_retention VALUES ($1, $2, $3, $4)
   ON CONFLICT (tenant_id) DO UPDATE SET jobs_days = $2, logs_days = $3, artifacts_days = $4`,
);
const addJob = sql<never, [tenant: string, id: string, state: string, ended: Date | null]>(
  'testAddJobKept',
  `INSERT INTO job (tenant_id, id, workflow_id, route_id, state, priority, max_attempts, input, created_by, ended_at)
   VALUES ($1, $2, gen_random_uuid(), 1, $3, 50, 1, '{}', 'test', $4)`,
);
const addRest = sql<never, [tenant: string, job: string, file: string]>(
  'testAddRestKept',
  `WITH events AS (
     INSERT INTO job_event (tenant_id, job_id, attempt, seq, at, body)
     SELECT $1, $2, 1, n, now(), jsonb_build_object('type', type) FROM unnest(ARRAY['run.started', 'run.log']) WITH ORDINALITY e(type, n)
   ), attempts AS (
     INSERT INTO job_attempt (tenant_id, job_id, attempt, generation, agent_id) VALUES ($1, $2, 1, 1, gen_random_uuid())
   )
   INSERT INTO artifact (tenant_id, job_id, attempt, id, name, kind, media_type, bytes, sha256)
   VALUES ($1, $2, 1, $3, 'a', 'output', 'text/plain', 1, '')`,
);
const leftOf = sql<{ jobs: number; events: number; logs: number; attempts: number; files: number }, [tenant: string]>(
  'testLeftOf',
  `SELECT (SELECT count(*) FROM job WHERE tenant_id = $1)::int AS jobs,
     (SELECT count(*) FROM job_event WHERE tenant_id = $1)::int AS events,
     (SELECT count(*) FROM job_event WHERE tenant_id = $1 AND body->>'type' = 'run.log')::int AS logs,
     (SELECT count(*) FROM job_attempt WHERE tenant_id = $1)::int AS attempts,
     (SELECT count(*) FROM artifact WHERE tenant_id = $1)::int AS files`,
);
const statesOf = sql<{ state: string }, [tenant: string]>(
  'testStatesOf',
  'SELECT state FROM job WHERE tenant_id = $1 ORDER BY state',
);
const removals = sql<{ n: number }, [tenant: string]>(
  'testRemovalsOf',
  'SELECT count(*)::int AS n FROM artifact_removal WHERE tenant_id = $1',
);
const addLease = sql<never, [tenant: string, job: string]>(
  'testAddLeaseKept',
  `INSERT INTO job_lease (tenant_id, job_id, attempt, agent_id, slot) VALUES ($1, $2, 1, gen_random_uuid(), 'plain')`,
);

const clock = new ManualClock();
let database: TestDatabase;
let sweep: RetentionSweep;
beforeAll(async () => {
  database = await testDatabase();
  sweep = new RetentionSweep({ db: database.db, clock, log: silentLog });
});
afterAll(() => database.close());

const turn = () => sweep.turn(new AbortController().signal);
const left = async (tenant: string) => (await database.db.query(leftOf(tenant)))[0]!;

/** A tenant with a job of each state, submitted and ended as many days ago. */
async function tenantWith(tenant: string, states: readonly string[], daysAgo: number): Promise<string[]> {
  const { db } = database;
  await db.execute(addTenant(tenant));
  const ids: string[] = [];
  for (const state of states) {
    const at = new Date(clock.now().getTime() - daysAgo * DAY_MS);
    // An id of that day.
    const id = `${firstIdAt(at.getTime()).slice(0, 18)}${createIds(clock).next().slice(18)}`;
    const over = ['succeeded', 'failed', 'timed_out', 'cancelled', 'needs_review'].includes(state);
    await db.execute(addJob(tenant, id, state, over ? at : null));
    await db.execute(addRest(tenant, id, randomUUID()));
    ids.push(id);
  }
  return ids;
}

const STATES = ['succeeded', 'failed', 'timed_out', 'cancelled', 'needs_review', 'running', 'pending', 'cancelling'];

test('old jobs go with all that is theirs; what is open or in review stays whole', async () => {
  await tenantWith('old', STATES, 10);
  await tenantWith('without', STATES, 10);
  await database.db.execute(keep('old', 9, null, null));
  await turn();
  const states = (await database.db.query(statesOf('old'))).map(({ state }) => state);
  expect(states).toEqual(['cancelling', 'needs_review', 'pending', 'running']);
  expect(await left('old')).toEqual({ jobs: 4, events: 8, logs: 4, attempts: 4, files: 4 });
  expect(await database.db.query(removals('old'))).toEqual([{ n: 4 }]);
  // A tenant that asks for nothing keeps everything, and so does one whose jobs are younger.
  expect((await left('without')).jobs).toBe(STATES.length);
  await tenantWith('young', STATES, 8);
  await database.db.execute(keep('young', 9, 9, 9));
  await turn();
  expect(await left('young')).toMatchObject({ jobs: STATES.length, logs: STATES.length, files: STATES.length });
});

test('logs and files have times of their own, and the rest of their jobs stays', async () => {
  await tenantWith('parts', ['succeeded', 'needs_review'], 5);
  await database.db.execute(keep('parts', null, 4, 30));
  await turn();
  expect(await left('parts')).toEqual({ jobs: 2, events: 3, logs: 1, attempts: 2, files: 2 });
  await database.db.execute(keep('parts', null, 4, 4));
  await turn();
  expect(await left('parts')).toEqual({ jobs: 2, events: 3, logs: 1, attempts: 2, files: 1 });
});

test('a job whose attempt may still act is not over', async () => {
  const [settled, held] = await tenantWith('held', ['succeeded', 'failed'], 5);
  await database.db.execute(addLease('held', held!));
  await database.db.execute(keep('held', 1, 1, 1));
  await turn();
  expect(await left('held')).toEqual({ jobs: 1, events: 2, logs: 1, attempts: 1, files: 1 });
  expect(settled).not.toBe(held);
});

test('more than one turn takes is taken by the next ones', async () => {
  await tenantWith(
    'many',
    Array.from({ length: 450 }, () => 'succeeded'),
    5,
  );
  await database.db.execute(keep('many', 1, null, null));
  await turn();
  expect((await left('many')).jobs).toBe(0);
});

test('a turn takes no more of a tenant and kind than its bound, and each turn goes on where the last one was', async () => {
  const { db } = database;
  const bounded = new RetentionSweep({ db, clock, log: silentLog, batch: 10, batches: 2 });
  const ids = Array.from({ length: 50 }, () => 'succeeded');
  await tenantWith('bounded', ids, 5);
  await db.execute(keep('bounded', null, null, 1));
  const files: number[] = [];
  for (let n = 0; n < 3; n++) {
    await bounded.turn(new AbortController().signal);
    files.push((await left('bounded')).files);
  }
  expect(files).toEqual([30, 10, 0]);
});
