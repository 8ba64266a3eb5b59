/** The claim's statement on a real database: whose jobs it chooses, in which order, and what others hold. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { BY_KEY, sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { postgresQueue } from './queue-postgres.store.ts';

const addPlaces = sql<never, [tenant: string, route: number, rank: number, jobs: string[]]>(
  'testAddPlaces',
  `INSERT INTO job_ready (tenant_id, route_id, rank, job_id) SELECT $1, $2, $3, * FROM unnest($4::uuid[])`,
);
/** Entries of the queue's index that were read over this connection, lately. */
const visits = sql<{ n: number }, []>(
  'testVisits',
  `SELECT pg_stat_get_xact_tuples_returned('job_ready_pkey'::regclass)::int AS n`,
);
const beginWriting = sql<{ xid: string }, []>('testBeginWriting', 'SELECT pg_current_xact_id()::text AS xid');
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
const queue = postgresQueue(systemClock);
const hold = (wanted: [number, number][], limit: number) =>
  database.db.transaction((tx) => queue.hold(tx, new Map(wanted), limit));

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
    expect((await queue.hold(tx, new Map([[1, 3]]), 3)).places).toHaveLength(3);
    expect(await hold([[1, 3]], 3)).toEqual({ places: [], missed: 3 });
    const { places, missed } = await hold([[1, 5]], 5);
    expect(places.map(({ jobId }) => jobId)).toEqual(jobs.slice(3));
    expect(missed).toBe(3);
  });
});

it('does not walk over places that are gone, and passes over none that commits late', async () => {
  const { db } = database;
  await db.execute(clear());
  const mine = postgresQueue(systemClock);
  let walked = 0;
  const claim = (n: number): Promise<string[]> =>
    db.transaction(
      async (tx) => {
        const before = (await tx.query(visits()))[0]!.n;
        const { places } = await mine.hold(tx, new Map([[9, n]]), n);
        walked = (await tx.query(visits()))[0]!.n - before;
        await mine.take(tx, places);
        return places.map(({ jobId }) => jobId);
      },
      { settings: BY_KEY },
    );
  // While it is open, no place that goes can leave the index.
  const old = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<void>();
  const reader = db.transaction(
    async (tx) => {
      await tx.query(visits());
      seen.resolve();
      await old.promise;
    },
    { isolation: 'repeatable read' },
  );
  await seen.promise;
  const jobs = await add('a', 9, 50, 400);
  const got: string[] = [];
  for (let n = 0; n < 30; n++) got.push(...(await claim(10)));
  // Those that went last, those that were seen, and those that were held: 300 others are gone.
  expect(walked).toBeGreaterThan(0);
  expect(walked).toBeLessThan(60);
  // This one drew its numbers first and commits last.
  let late: string[] = [];
  const between: string[] = [];
  await db.transaction(async (tx) => {
    await tx.query(beginWriting());
    late = Array.from({ length: 5 }, () => randomUUID());
    await tx.execute(addPlaces('a', 9, 50, late));
    jobs.push(...(await add('a', 9, 50, 20)));
    for (let left = await claim(10); left.length > 0; left = await claim(10)) between.push(...left);
  });
  got.push(...between);
  expect(got).toEqual(jobs);
  expect(await claim(10)).toEqual(late);
  expect(await claim(10)).toEqual([]);
  old.resolve();
  await reader;
});

it('chooses what a model of turns chooses, of any queue', { timeout: 120_000 }, async () => {
  const place = fc.record({ route: fc.integer({ min: 1, max: 6 }), rank: fc.integer({ min: 0, max: 3 }) });
  // More than is asked for, as a rule: only then does the order of turns show.
  const queue = fc.array(place, { minLength: 10, maxLength: 40, size: 'max' });
  // A route belongs to one tenant.
  const ownerOf = (route: number): string => ['a', 'b', 'c'][route % 3]!;
  const wanted = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 8 })), {
    selector: ([route]) => route,
    minLength: 2,
    maxLength: 6,
    size: 'max',
  });
  const check = async (
    places: readonly { route: number; rank: number }[],
    asked: [number, number][],
    limit: number,
  ): Promise<void> => {
    await database.db.execute(clear());
    const all: { id: string; route: number; rank: number; seq: number }[] = [];
    for (const { route, rank } of places) {
      const [id] = await add(ownerOf(route), route, rank, 1);
      all.push({ id: id!, route, rank, seq: all.length });
    }
    const best = (one: (typeof all)[number], other: (typeof all)[number]): number =>
      one.rank - other.rank || one.seq - other.seq;
    const scanned = asked.flatMap(([route, n]) =>
      all
        .filter((one) => one.route === route)
        .sort(best)
        .slice(0, n),
    );
    const turns = scanned.map((one) => {
      const own = scanned.filter((other) => ownerOf(other.route) === ownerOf(one.route)).sort(best);
      return { ...one, turn: own.indexOf(one) };
    });
    const expected = turns.sort((one, other) => one.turn - other.turn || best(one, other)).slice(0, limit);
    const { places: held, missed } = await hold(asked, limit);
    expect(held.map(({ jobId }) => jobId)).toEqual(expected.sort(best).map(({ id }) => id));
    expect(missed).toBe(0);
    // Nobody is two jobs behind another who has none better left to be chosen.
    const shares = new Map<string, number>();
    for (const one of expected) shares.set(ownerOf(one.route), (shares.get(ownerOf(one.route)) ?? 0) + 1);
    for (const tenant of ['a', 'b', 'c']) {
      const had = scanned.filter((one) => ownerOf(one.route) === tenant).length;
      const got = shares.get(tenant) ?? 0;
      if (got < had) for (const share of shares.values()) expect(share - got).toBeLessThanOrEqual(1);
    }
  };
  await fc.assert(fc.asyncProperty(queue, wanted, fc.integer({ min: 1, max: 12 }), check), {
    // A failure is seen as it came: to shrink it takes the database minutes.
    numRuns: 30,
    endOnFailure: true,
  });
});
