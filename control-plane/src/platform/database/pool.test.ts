import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDatabase, type Database } from './pool.ts';
import { sql } from './statement.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
let db: Database;

const insertNote = sql<{ id: number }, [body: string]>(
  'testInsertNote',
  'insert into note (body) values ($1) returning id',
);
const countNotes = sql<{ count: number }, []>('testCountNotes', 'select count(*) from note');
const countSent = sql<{ count: number }, []>(
  'testCountSent',
  `select count(*) from note where body like 'once, behind%'`,
  { idempotent: true },
);
const backend = sql<{ pid: number }, []>('testBackend', 'select pg_backend_pid() as pid');
const kill = sql<unknown, [pid: number]>('testKill', 'select pg_terminate_backend($1, 5000)');

const notes = async () => (await db.query(countNotes()))[0]?.count;

beforeAll(async () => {
  database = await testDatabase({ migrations: 'none' });
  db = database.db;
  await db.transaction((tx) =>
    tx.script('create table note (id bigint generated always as identity primary key, body text not null unique)'),
  );
});
afterAll(() => database.close());

describe('values', () => {
  it('gives int8 as number while exact, otherwise its text; dates as text; timestamptz as Date', async () => {
    const text = `select 9007199254740991::int8 as exact, 9007199254740993::int8 as big, '{1,2}'::int8[] as list,
      date '2026-02-28' as day, timestamptz '2026-02-28 12:00:00+00' as at`;
    expect(await db.query({ name: 'testValues', text, values: [] })).toEqual([
      {
        exact: 9007199254740991,
        big: '9007199254740993',
        list: [1, 2],
        day: '2026-02-28',
        at: new Date('2026-02-28T12:00:00Z'),
      },
    ]);
  });

  it('refuses two statements of one name', () => {
    expect(() => sql('testCountNotes', 'select 2')).toThrow(/named testCountNotes/);
  });
});

describe('transaction', () => {
  it('commits what it did, and rolls back when its work throws', async () => {
    const before = await notes();
    await db.transaction((tx) => tx.query(insertNote('kept')));
    await expect(
      db.transaction(async (tx) => {
        await tx.query(insertNote('dropped'));
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await notes()).toBe((before ?? 0) + 1);
  });

  it('is not taken for committed when the server had aborted it and its work swallowed the error', async () => {
    const work = db.transaction(async (tx) => {
      await tx.query(insertNote('swallowed'));
      await tx.query(insertNote('swallowed')).catch(() => undefined);
    });
    await expect(work).rejects.toThrow(/rolled back/);
  });

  it('carries statements out in their order without waiting in between, and names the one that failed', async () => {
    const zero = sql<{ n: number }, []>('testDivide', 'select 1 / (0 * count(*))::int as n from note');
    const counts = await db.transaction((tx) =>
      Promise.all([tx.query(countNotes()), tx.execute(insertNote('sent at once')), tx.query(countNotes())]),
    );
    expect(counts[2]).toEqual([{ count: (counts[0] as { count: number }[])[0]!.count + 1 }]);
    const whys: string[] = [];
    const failing = db.transaction((tx) => {
      const both = [tx.query(zero()), tx.execute(insertNote('never'))];
      for (const each of both) each.catch((error: unknown) => whys.push(String(error)));
      return Promise.all(both);
    });
    await expect(failing).rejects.toThrow('division by zero');
    // Whoever of them is looked at says why.
    expect(whys).toEqual(Array(2).fill('error: division by zero'));
    expect(await db.query(countNotes())).toEqual(counts[2]);
  });

  it('sets settings for itself only', async () => {
    const read = sql<{ tenant: string | null }, []>(
      'testTenant',
      `select nullif(current_setting('app.tenant', true), '') as tenant`,
    );
    const inside = await db.transaction((tx) => tx.query(read()), { settings: { 'app.tenant': "o'brien" } });
    expect(inside).toEqual([{ tenant: "o'brien" }]);
    expect(await db.query(read())).toEqual([{ tenant: null }]);
  });

  it('cannot be used after its end', async () => {
    const tx = await db.transaction(async (open) => open);
    await expect(tx.query(countNotes())).rejects.toThrow(/after the end/);
  });

  it('is repeated after a serialization failure when attempts allow it', async () => {
    await db.transaction((tx) => tx.query(insertNote('counter 0')));
    let runs = 0;
    await db.transaction(
      async (tx) => {
        runs += 1;
        await tx.query(countNotes());
        if (runs === 1)
          await db.execute({
            name: 'testBump',
            text: `update note set body = 'x' where body = 'counter 0'`,
            values: [],
          });
        await tx.execute({
          name: 'testTouch',
          text: `update note set body = body || '!' where body in ('x', 'counter 0')`,
          values: [],
        });
      },
      { isolation: 'repeatable read', attempts: 3 },
    );
    expect(runs).toBe(2);
  });

  it('says that a commit is unknown when its answer was lost', async () => {
    const work = db.transaction(async (tx) => {
      const pid = (await tx.query(backend()))[0]?.pid ?? 0;
      await db.query(kill(pid));
    });
    await expect(work).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
  });
});

describe('broken connections', () => {
  it('keeps no locks for a process that stands still in a transaction', async () => {
    await using still = standingStill(200);
    const work = still.db.transaction(async (tx) => {
      await tx.query(insertNote('locked'));
      still.stands.resolve();
      await still.goesOn.promise;
      await tx.query(insertNote('late'));
    });
    await still.stands.promise;
    // The same unique text waits for the other transaction's end.
    await db.query(insertNote('locked'));
    still.goesOn.resolve();
    await expect(work).rejects.toThrow();
    await expect(still.db.query(countNotes())).resolves.toHaveLength(1);
  });

  it('survives the end of every idle connection and serves the next call', async () => {
    const warn = vi.fn();
    const other = openDatabase(database.url, { log: { debug() {}, info() {}, warn, error() {} } });
    await Promise.all([other.query(backend()), other.query(backend())]);
    const mine = (await db.query(backend()))[0]?.pid ?? 0;
    const text = `select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
      where pid <> $1 and pid <> pg_backend_pid() and datname = current_database() and backend_type = 'client backend'`;
    await db.query({ name: 'testKillAll', text, values: [mine] });
    await vi.waitFor(() => expect(warn).toHaveBeenCalled());
    expect(await other.query(backend())).toHaveLength(1);
    await other.close();
  });

  it('opens a transaction anew when its connection breaks at the opening, and runs each statement once, in order', async () => {
    await using proxy = await breaking(database.url, 'begin');
    const through = openDatabase(proxy.url, { max: 1 });
    await through.query(countNotes());
    proxy.breakNext();
    const counts = await through.transaction((tx) =>
      Promise.all([
        tx.query(countSent()),
        tx.execute(insertNote('once, behind a broken opening')),
        tx.query(countSent()),
      ]),
    );
    expect(proxy.broken).toBe(1);
    expect(counts.map((count) => (Array.isArray(count) ? count[0]!.count : count))).toEqual([0, 1, 1]);
    expect(await db.query(countSent())).toEqual([{ count: 1 }]);
    await through.close();
  });

  it('does not run what may not run twice before its transaction is open', async () => {
    // The server refuses to begin such a transaction: what follows would stand alone.
    const work = db.transaction(
      (tx) => Promise.all([tx.query(countSent()), tx.execute(insertNote('outside of a transaction'))]),
      { isolation: 'of another kind' as never },
    );
    await expect(work).rejects.toThrow(/syntax error/);
    const text = `select count(*) from note where body = 'outside of a transaction'`;
    expect(await db.query({ name: 'testOutside', text, values: [] })).toEqual([{ count: 0 }]);
  });

  it('repeats a statement only if it was declared idempotent', async () => {
    await db.transaction((tx) => tx.script('create sequence once; create sequence again'));
    const dieFirst = (sequence: string) =>
      `select case when nextval('${sequence}') = 1 then pg_terminate_backend(pg_backend_pid()) end`;
    const plain = sql<unknown, []>('testDiePlain', dieFirst('once'));
    const idempotent = sql<unknown, []>('testDieIdempotent', dieFirst('again'), { idempotent: true });
    await expect(db.query(plain())).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN', cause: { code: '57P01' } });
    expect(await db.query(idempotent())).toHaveLength(1);
    const text = 'select (select last_value from once) as once, (select last_value from again) as again';
    expect(await db.query({ name: 'testRuns', text, values: [] })).toEqual([{ once: 1, again: 2 }]);
  });

  it('prepares a statement anew when a migration changed its result', async () => {
    const one = openDatabase(database.url, { max: 1 });
    const all = sql<Record<string, unknown>, []>('testAllOfWide', 'select * from wide');
    await one.transaction((tx) => tx.script('create table wide (a int); insert into wide values (1)'));
    expect(await one.query(all())).toEqual([{ a: 1 }]);
    await one.transaction((tx) => tx.script('alter table wide add b int'));
    expect(await one.query(all())).toEqual([{ a: 1, b: null }]);
    await one.close();
  });
});

describe('bounds', () => {
  it('answers DATABASE_BUSY at once when too many calls wait', async () => {
    const small = openDatabase(database.url, { max: 1, maxWaiting: 1 });
    const release = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const holder = small.transaction(async () => {
      held.resolve();
      await release.promise;
    });
    await held.promise;
    const waiter = small.query(countNotes());
    await expect(small.query(countNotes())).rejects.toMatchObject({ code: 'DATABASE_BUSY', status: 503 });
    release.resolve();
    await Promise.all([holder, waiter]);
    await small.close();
  });

  it('gives up on a server that stays away, after the time it was given', async () => {
    const gone = openDatabase('postgres://x:y@127.0.0.1:1/none', { reconnectMs: 200 });
    await expect(gone.query(countNotes())).rejects.toMatchObject({
      ...{ code: 'DATABASE_UNREACHABLE', status: 503, why: 'ECONNREFUSED' },
    });
    await gone.close();
  });

  it('closes although a transaction is still open', async () => {
    const other = openDatabase(database.url);
    const open = Promise.withResolvers<void>();
    const work = other.transaction(async (tx) => {
      open.resolve();
      await tx.query({ name: 'testSleep', text: 'select pg_sleep(60)', values: [] });
    });
    const failed = expect(work).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await open.promise;
    await other.close(50);
    await failed;
  });

  it('leaves nothing behind that keeps its process from ending', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
    const before = timers();
    const other = openDatabase(database.url);
    await other.query(backend());
    await other.close();
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

/** Another process's pool; its transaction holds on between `stands` and `goesOn`. */
function standingStill(idleTransactionMs: number) {
  const other = openDatabase(database.url, { idleTransactionMs });
  const [stands, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  return { db: other, stands, goesOn, [Symbol.asyncDispose]: () => other.close() };
}

/** A way to the server on which a connection breaks, when told to, as soon as it carries `word`. */
async function breaking(url: string, word: string) {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const state = { armed: false, broken: 0 };
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => [near, far].forEach((each) => each.destroy()));
    }
    far.pipe(near);
    near.on('data', (chunk: Buffer) => {
      if (state.armed && chunk.includes(word)) {
        Object.assign(state, { armed: false, broken: state.broken + 1 });
        near.destroy();
      } else far.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    breakNext: () => void (state.armed = true),
    get broken() {
      return state.broken;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
