/** Two replicas, one database, and a clock that is moved: who runs a loop, and when it changes hands. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ManualClock, systemClock, type Clock } from './clock.ts';
import { sql, type Database } from './database/index.ts';
import { testDatabase, type TestDatabase } from './database/testing.ts';
import { silentLog } from './log.ts';
import { Singletons } from './singletons.ts';

const rowOf = sql<{ holder: string; term: number; over: boolean }, [name: string]>(
  'testSingletonRow',
  'SELECT holder, term::int, until <= clock_timestamp() AS over FROM singleton WHERE name = $1',
);
// The time of one holder passes, as the others see it.
const passTime = sql<never, [holder: string]>(
  'testPassSingletons',
  `UPDATE singleton SET until = until - interval '1 hour' WHERE holder = $1`,
);

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

/** A replica with one loop, whose turns last until they are aborted or released. */
function replica(name: string, clock: Clock = systemClock, db: Database = database.db) {
  const singletons = new Singletons({ db, clock, log: silentLog, leaseMs: 3_600_000, beatMs: 20 });
  const turns: AbortSignal[] = [];
  singletons.loop({ name, intervalMs: 10, run: async (signal) => void turns.push(signal) });
  singletons.start();
  return { singletons, turns };
}

it('runs on one replica, and on the other as soon as the first one stops', async () => {
  const [a, b] = [replica('stop'), replica('stop')];
  await vi.waitFor(() => expect(a.turns.length + b.turns.length).toBeGreaterThan(3));
  const [first, second] = a.turns.length > 0 ? [a, b] : [b, a];
  expect(first.singletons.term('stop')).toBe(1);
  expect(second.singletons.term('stop')).toBeNull();
  expect(second.turns).toHaveLength(0);
  await first.singletons.stop();
  const ran = first.turns.length;
  await vi.waitFor(() => expect(second.turns.length).toBeGreaterThan(0));
  expect(second.singletons.term('stop')).toBe(2);
  expect(first.turns).toHaveLength(ran);
  await second.singletons.stop();
  expect(await database.db.query(rowOf('stop'))).toMatchObject([{ over: true, term: 2 }]);
});

it('moves when the holder dies: it ends its own turns by its clock, before another one may begin', async () => {
  const clock = new ManualClock();
  let dead = false;
  const never = (): Promise<never> => new Promise(() => undefined);
  // A replica whose database no longer answers, as behind a cut network.
  const cut: Database = {
    ...database.db,
    query: (statement) => (dead ? never() : database.db.query(statement)),
  };
  const first = replica('dies', clock, cut);
  await vi.waitFor(() => expect(first.turns.length).toBeGreaterThan(1));
  const second = replica('dies');
  dead = true;
  const before = first.turns.length;
  // While its time lasts it goes on, and nobody else runs.
  await vi.waitFor(() => expect(first.turns.length).toBeGreaterThan(before + 2));
  expect(second.turns).toHaveLength(0);
  clock.advance(3_599_999);
  expect(first.singletons.term('dies')).toBe(1);
  clock.advance(1);
  expect(first.singletons.term('dies')).toBeNull();
  expect(first.turns.at(-1)!.aborted).toBe(true);
  const ended = first.turns.length;
  await database.db.execute(passTime(first.singletons.holder));
  await vi.waitFor(() => expect(second.turns.length).toBeGreaterThan(2));
  expect(second.singletons.term('dies')).toBe(2);
  expect(first.turns).toHaveLength(ended);
  await second.singletons.stop();
});

it('is lost by a holder that was stopped for too long and comes back', async () => {
  const first = replica('frozen');
  await vi.waitFor(() => expect(first.turns.length).toBeGreaterThan(0));
  const signal = first.turns[0]!;
  const second = new Singletons({ db: database.db, clock: systemClock, log: silentLog, leaseMs: 3_600_000, beatMs: 5 });
  second.loop({ name: 'frozen', intervalMs: 10, run: () => Promise.resolve() });
  second.start();
  await vi.waitFor(async () => {
    await database.db.execute(passTime(first.singletons.holder));
    expect(second.term('frozen')).not.toBeNull();
  });
  await vi.waitFor(() => expect(first.singletons.term('frozen')).toBeNull());
  expect(signal.aborted).toBe(true);
  const [row] = await database.db.query(rowOf('frozen'));
  expect(row).toMatchObject({ holder: second.holder, term: 2, over: false });
  await first.singletons.stop();
  // What a replica does not hold it does not give up.
  expect(await database.db.query(rowOf('frozen'))).toEqual([row]);
  await second.stop();
});
