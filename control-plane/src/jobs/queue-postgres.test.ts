/** The claim's statement on a real database: whose jobs it chooses, in which order, and what others hold. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { postgresQueue } from './queue-postgres.store.ts';

const addPlaces = sql<never, [tenant: string, route: number, rank: number, jobs: string[]]>(
  'testAddPlaces',
  `INSERT INTO job_ready (tenant_id, route_id, rank, job_id) SELECT $1, $2, $3, * FROM unnest($4::uuid[])`,
);
const clear = sql<never, []>('testClearPlaces', 'DELETE FROM job_ready');

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const add = async (tenant: string, route: number, rank: number, n: number): Promise<string[]> => {
  const jobs = Array.from({ length: n }, () => randomUUID());
  await database.db.execute(addPlaces(tenant, route, rank, jobs));
  return jobs;
};
const hold = (wanted: [number, number][], limit: number) =>
  database.db.transaction((tx) => postgresQueue.hold(tx, new Map(wanted), limit));

it('takes the best of each route first, by priority and then by age', async () => {
  await database.db.execute(clear());
  const older = await add('a', 1, 50, 3);
  const urgent = await add('a', 2, 10, 2);
  const { places, missed } = await hold(
    [
      [1, 10],
      [2, 10],
    ],
    4,
  );
  expect(places.map(({ jobId }) => jobId)).toEqual([...urgent, ...older.slice(0, 2)]);
  expect(missed).toBe(0);
  expect(await hold([[3, 10]], 4)).toEqual({ places: [], missed: 0 });
});

it('lets tenants take turns, however many older jobs one of them has', async () => {
  await database.db.execute(clear());
  const many = await add('big', 1, 0, 500);
  const few = await add('small', 2, 100, 3);
  const { places } = await hold(
    [
      [1, 100],
      [2, 100],
    ],
    100,
  );
  const of = (tenant: string) => places.filter((place) => place.tenant === tenant).map(({ jobId }) => jobId);
  expect(of('small')).toEqual(few);
  expect(of('big')).toEqual(many.slice(0, 97));
});

it('says how many of those that it chose somebody else holds', async () => {
  await database.db.execute(clear());
  const jobs = await add('a', 1, 50, 5);
  await database.db.transaction(async (tx) => {
    expect((await postgresQueue.hold(tx, new Map([[1, 3]]), 3)).places).toHaveLength(3);
    expect(await hold([[1, 3]], 3)).toEqual({ places: [], missed: 3 });
    const { places, missed } = await hold([[1, 5]], 5);
    expect(places.map(({ jobId }) => jobId)).toEqual(jobs.slice(3));
    expect(missed).toBe(3);
  });
});
