/** Days of history on a real database: made ahead, dropped with everything that belongs to them, never under a job that is not over. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { createIds, firstIdAt } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { wantedDays } from './history.decision.ts';
import { keepHistory, type HistoryDependencies } from './history.ts';
import { idsOf, listDays, makeDay } from './history.store.ts';
import { jobsHarness, type JobsHarness } from './testing.ts';

const addJob = sql<never, [id: string, state: string]>(
  'testAddOldJob',
  `INSERT INTO job (tenant_id, id, workflow_id, route_id, state, priority, max_attempts, input, created_by)
   VALUES ('default', $1, gen_random_uuid(), 1, $2, 50, 3, '{}', 'test')`,
);
const addRest = sql<never, [id: string, artifact: string]>(
  'testAddOldRest',
  `WITH a AS (INSERT INTO job_attempt (tenant_id, job_id, attempt, generation, agent_id) VALUES ('default', $1, 1, 1, $2)),
   e AS (INSERT INTO job_event (tenant_id, job_id, attempt, seq, at, body) VALUES ('default', $1, 1, 1, now(), '{}')),
   s AS (INSERT INTO job_step (tenant_id, job_id, attempt, seq, position, path, name, task, effect, state, started_at)
     VALUES ('default', $1, 1, 1, '/do', '/do', 'a', 'set', 'idempotent', 'completed', now()))
   INSERT INTO artifact (tenant_id, id, job_id, attempt, name, kind, media_type, bytes, sha256)
   VALUES ('default', $2, $1, 1, 'a', 'output', 'text/plain', 1, '')`,
);
const rowsOf = sql<{ n: number }, [id: string]>(
  'testRowsOfJob',
  `SELECT ((SELECT count(*) FROM job WHERE id = $1) + (SELECT count(*) FROM job_attempt WHERE job_id = $1)
     + (SELECT count(*) FROM job_event WHERE job_id = $1) + (SELECT count(*) FROM job_step WHERE job_id = $1)
     + (SELECT count(*) FROM artifact WHERE job_id = $1))::int AS n`,
);
const partitionOf = sql<{ name: string }, [id: string]>(
  'testPartitionOf',
  'SELECT tableoid::regclass::text AS name FROM job WHERE id = $1',
);

const NOW = new Date('2026-06-15T12:00:00Z');
let h: JobsHarness;
let removed: string[];
const opened: JobsHarness[] = [];
beforeEach(async () => {
  h = await jobsHarness();
  opened.push(h);
  removed = [];
});
afterAll(async () => {
  for (const each of opened) await each.close();
});

const deps = (now = NOW, keepDays: number | null = 30): HistoryDependencies => ({
  ...{ db: h.database.db, clock: { now: () => now, monotonicMs: () => 0 }, log: silentLog, keepDays },
  files: { remove: async (_, id) => void removed.push(id) },
});
const jobOn = async (iso: string, state = 'succeeded') => {
  const [id, artifact] = [firstIdAt(Date.parse(iso)), randomUUID()];
  await h.database.db.execute(addJob(id, state));
  await h.database.db.execute(addRest(id, artifact));
  return { id, artifact };
};
const rows = async (id: string) => (await h.database.db.query(rowsOf(id)))[0]!.n;

it('makes today and the days ahead once, also when two replicas do, and jobs land in theirs', async () => {
  const now = new Date();
  await Promise.all([keepHistory(deps(now)), keepHistory(deps(now))]);
  await keepHistory(deps(now));
  expect(await listDays(h.database.db)).toEqual(wantedDays(now));
  const workflow = await h.workflow('dated');
  const id = await h.submit(workflow);
  expect((await h.database.db.query(partitionOf(id)))[0]!.name).toMatch(/^job_\d{8}$/);
});

it('drops a day that is old enough with all that belongs to it, and no other', async () => {
  for (const day of ['20260514', '20260515', '20260516']) await makeDay(h.database.db, day);
  const [gone, kept] = [await jobOn('2026-05-15T23:00:00Z'), await jobOn('2026-05-16T00:00:00Z')];
  await keepHistory(deps());
  expect(await rows(gone.id)).toBe(0);
  expect(await rows(kept.id)).toBe(5);
  expect(removed).toEqual([gone.artifact]);
  expect(await listDays(h.database.db)).toEqual(['20260516', ...wantedDays(NOW)]);
});

it('keeps a day while a job of it is not over', async () => {
  await makeDay(h.database.db, '20260101');
  const [over, open] = [await jobOn('2026-01-01T01:00:00Z'), await jobOn('2026-01-01T02:00:00Z', 'needs_review')];
  await keepHistory(deps());
  expect([await rows(over.id), await rows(open.id)]).toEqual([5, 5]);
  expect(removed).toEqual([]);
});

it('drops old jobs that have no day one by one, and goes on without their day', async () => {
  const [over, open] = [await jobOn('2026-01-01T01:00:00Z'), await jobOn('2026-01-01T02:00:00Z', 'running')];
  const young = await jobOn('2026-06-15T01:00:00Z');
  expect(await makeDay(h.database.db, '20260615')).toBe(false);
  await keepHistory(deps());
  expect([await rows(over.id), await rows(open.id), await rows(young.id)]).toEqual([0, 5, 5]);
  expect(removed).toEqual([over.artifact]);
  expect(await listDays(h.database.db)).toEqual(wantedDays(NOW).slice(1));
});

it('keeps everything when history is kept for ever, and removes files that were left behind', async () => {
  await makeDay(h.database.db, '20200101');
  const old = await jobOn('2020-01-01T01:00:00Z');
  await keepHistory(deps(NOW, null));
  expect(await rows(old.id)).toBe(5);
  // The process ended between the rows and the files.
  const failing = { ...deps(), files: { remove: () => Promise.reject(new Error('disk')) } };
  await expect(keepHistory(failing)).rejects.toThrow('disk');
  expect(await rows(old.id)).toBe(0);
  await keepHistory(deps(NOW, null));
  expect(removed).toEqual([old.artifact]);
});

it('holds the ids made within the day and no others', () => {
  const { from, before } = idsOf('20261125');
  const idAt = (iso: string) => createIds({ now: () => new Date(iso), monotonicMs: () => 0 }).next();
  expect(idAt('2026-11-25T00:00:00.000Z') >= from).toBe(true);
  expect(idAt('2026-11-25T23:59:59.999Z') < before).toBe(true);
  expect(idAt('2026-11-24T23:59:59.999Z') < from).toBe(true);
  expect(idAt('2026-11-26T00:00:00.000Z') >= before).toBe(true);
  expect(idsOf('20261126').from).toBe(before);
});
