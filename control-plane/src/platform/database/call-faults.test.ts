/** Calls that fail because of others: repeated where nothing of them is left, else answered as what they are. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withLogin } from './connection.ts';
import { openDatabase, type Connection, type Transaction } from './pool.ts';
import { sql } from './statement.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const touch = sql<never, [id: string]>('testTouchPlace', `update place set touched = touched + 1 where id = $1`);
const touched = sql<{ touched: number }, []>('testTouched', 'select touched from place order by id');

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ migrations: 'none' });
  await database.owner.transaction((tx) =>
    tx.script(`create table place (id text primary key, touched int not null default 0);
      insert into place (id) values ('a'), ('b');
      create role few login password 'few' connection limit 1`),
  );
});
afterAll(async () => {
  await database.owner.transaction((tx) => tx.script('drop role few'));
  await database.close();
});

const busy = { code: 'DATABASE_BUSY', status: 503 };

/** Two that take the same two rows, each in its own order, and meet between them; gives how often each was begun. */
async function crossing(on: Connection): Promise<{ begun: number[]; ends: PromiseSettledResult<void>[] }> {
  const begun = [0, 0];
  const met = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const over = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const of = (self: 0 | 1, first: string, second: string) => async (tx: Transaction) => {
    begun[self] = begun[self]! + 1;
    // The one that goes on would else be met again.
    if (begun[self] > 1) await over[1 - self]!.promise;
    await tx.execute(touch(first));
    met[self]!.resolve();
    await met[1 - self]!.promise;
    await tx.execute(touch(second));
  };
  const both = [on.transaction(of(0, 'a', 'b')), on.transaction(of(1, 'b', 'a'))];
  const ends = await Promise.allSettled(both.map((work, self) => work.finally(() => over[self]!.resolve())));
  return { begun, ends };
}

it('a deadlock costs the work of a tenant nothing: it is done once more, and once in all', async () => {
  const before = await database.owner.query(touched());
  const { begun, ends } = await crossing(database.owner.of('acme'));
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  expect(begun.sort()).toEqual([1, 2]);
  const after = before.map(({ touched: times }) => ({ touched: times + 2 }));
  expect(await database.owner.query(touched())).toEqual(after);
});

it('work that is not repeated is told that the database is busy, with the cause for the log', async () => {
  const { begun, ends } = await crossing(database.owner);
  expect(begun).toEqual([1, 1]);
  const failed = ends.filter((end) => end.status === 'rejected');
  expect(failed).toMatchObject([{ reason: { ...busy, why: 'it answered 40P01', cause: { code: '40P01' } } }]);
});

it('who waits too long for a lock, or for an answer, is told the same', async () => {
  const [held, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holder = database.owner.transaction(async (tx) => {
    await tx.execute(touch('a'));
    held.resolve();
    await over.promise;
  });
  await held.promise;
  for (const [setting, code] of [
    ['lock_timeout', '55P03'],
    ['statement_timeout', '57014'],
  ] as const) {
    const late = database.owner
      .of('acme')
      .transaction((tx) => tx.execute(touch('a')), { settings: { [setting]: '50' } });
    await expect(late).rejects.toMatchObject({ ...busy, cause: { code } });
  }
  over.resolve();
  await holder;
});

it('a server that gives no more connections is busy too', async () => {
  const few = openDatabase(withLogin(database.url, 'few', 'few'), { max: 2, reconnectMs: 200 });
  const [held, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holder = few.transaction(async (tx) => {
    await tx.query({ name: 'testHere', text: 'select 1', values: [] });
    held.resolve();
    await over.promise;
  });
  await held.promise;
  await expect(few.query(touched())).rejects.toMatchObject({ ...busy, cause: { code: '53300' } });
  over.resolve();
  await holder;
  await few.close();
});

it('a transaction whose connection breaks left nothing behind; a change by itself may have', async () => {
  const die = { name: 'testDie', text: 'select pg_terminate_backend(pg_backend_pid())', values: [] };
  const broken = database.owner.transaction((tx) => tx.query(die));
  await expect(broken).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', status: 503, cause: { code: '57P01' } });
  await expect(database.owner.query(die)).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN', status: 503 });
});
