/** The database steps against a real PostgreSQL and a real MariaDB: one suite for both. */
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../../control-plane/src/platform/database/testing.ts';
import { StepFailure } from '../../edge-agent/src/engine/index.ts';
import { newStepRun, type StepRun } from '../../edge-agent/src/steps/step-run-for-tests.ts';
import { unrestricted } from '../../edge-agent/src/policy/index.ts';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';

interface Target {
  readonly connection: Record<string, unknown>;
  /** The place of parameter `n`, from 1. */
  readonly place: (n: number) => string;
  readonly returning: boolean;
}

let run: StepRun;
let postgres: TestDatabase;
let mariadb: MariaDb | null = null;
/** Why there is no MariaDB here. */
let missing = '';
const targets: { postgres?: Target; mysql?: Target } = {};

beforeAll(async () => {
  run = await newStepRun();
  postgres = await testDatabase({ migrations: 'none' });
  const url = new URL(postgres.url);
  targets.postgres = {
    connection: {
      type: 'postgres',
      host: url.hostname,
      port: Number(url.port),
      database: url.pathname.slice(1),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      security: 'none',
    },
    place: (n) => `$${n}`,
    returning: true,
  };
  try {
    mariadb = await startMariaDb();
  } catch (error) {
    missing = String(error).split('\n')[0] ?? '';
    return;
  }
  await run.put('mariadb.pem', mariadb.certificate);
  targets.mysql = {
    connection: {
      type: 'mysql',
      host: 'localhost',
      port: mariadb.port,
      database: 'test',
      user: 'casare',
      password: mariadb.password,
      authorities: 'mariadb.pem',
    },
    place: () => '?',
    returning: true,
  };
}, 180_000);
afterAll(async () => {
  await mariadb?.stop();
  await postgres.close();
  await run.end();
});

describe.each(['postgres', 'mysql'] as const)('%s', (type) => {
  const target = (skip: (why: string) => void): Target => {
    const found = targets[type];
    if (found === undefined) skip(`no MariaDB here: ${missing}`);
    return found!;
  };
  const query = (to: Target, sql: string, more: object = {}, options: object = {}) =>
    run.call('db.query', { connection: to.connection, sql, ...more }, options);
  const execute = (to: Target, sql: string, more: object = {}, options: object = {}) =>
    run.call('db.execute', { connection: to.connection, sql, ...more }, options);

  test('writes a batch in one transaction, and reads it with its types', async ({ skip }) => {
    const to = target(skip);
    await execute(
      to,
      'CREATE TABLE invoice (number varchar(20) PRIMARY KEY, total decimal(12,2), items bigint, paid_on date)',
    );
    const insert = `INSERT INTO invoice VALUES (${[1, 2, 3, 4].map(to.place).join(', ')})`;
    const hostile = "x'); DROP TABLE invoice; --";
    const batch = [
      ['INV-7', '12.50', 3, '2026-05-01'],
      [hostile.slice(0, 20), '0.10', 9_007_199_254_740_991, null],
    ];
    expect(await execute(to, insert, { batch })).toEqual({ affected: 2, rows: [] });
    const where = `SELECT number, total, items, paid_on, items + 1 AS next FROM invoice WHERE number = ${to.place(1)}`;
    expect(await query(to, where, { parameters: ['INV-7'] })).toEqual({
      columns: ['number', 'total', 'items', 'paid_on', 'next'],
      rows: [{ number: 'INV-7', total: '12.50', items: 3, paid_on: '2026-05-01', next: 4 }],
      count: 1,
      more: false,
    });
    expect(await query(to, where, { parameters: [hostile.slice(0, 20)] })).toMatchObject({
      rows: [{ items: 9_007_199_254_740_991, next: '9007199254740992', paid_on: null }],
    });
    // All or nothing: the second of these is there already.
    const twice = {
      batch: [
        ['INV-8', '1', 1, null],
        ['INV-7', '1', 1, null],
      ],
    };
    await expect(execute(to, insert, twice)).rejects.toMatchObject({ code: 'DB_CONSTRAINT', certain: true });
    expect(await query(to, 'SELECT count(*) AS n FROM invoice')).toMatchObject({ rows: [{ n: 2 }] });
    const returned = await execute(to, `INSERT INTO invoice (number) VALUES (${to.place(1)}) RETURNING number`, {
      parameters: ['INV-9'],
    });
    expect(returned).toMatchObject({ rows: [{ number: 'INV-9' }] });
  });

  test('db.query changes nothing, whatever stands in its text', async ({ skip }) => {
    const to = target(skip);
    await execute(to, 'CREATE TABLE kept (id int)');
    await execute(to, 'INSERT INTO kept VALUES (1)');
    for (const sql of ['DELETE FROM kept', 'DROP TABLE kept', 'CREATE TABLE another (id int)']) {
      await expect(query(to, sql)).rejects.toMatchObject({ code: 'DB_READ_ONLY', certain: true });
    }
    // A second statement is no way out of the transaction.
    const two = query(to, 'SELECT 1; COMMIT; DELETE FROM kept');
    await expect(two).rejects.toMatchObject({ code: 'DB_STATEMENT_REFUSED' });
    await expect(execute(to, 'SELECT 1; DELETE FROM kept')).rejects.toMatchObject({ code: 'DB_STATEMENT_REFUSED' });
    expect(await query(to, 'SELECT id FROM kept')).toMatchObject({ rows: [{ id: 1 }] });
  });

  test('takes as many rows as are wanted, and no more than fit', async ({ skip }) => {
    const to = target(skip);
    const numbers =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT a.i FROM n a, n b, n c';
    expect(await query(to, numbers, { limit: 3 })).toMatchObject({ rows: [{ i: 1 }, {}, {}], count: 3, more: true });
    await expect(query(to, numbers)).rejects.toMatchObject({ code: 'ROWS_TOO_LARGE' });
    expect(await query(to, numbers, { limit: 60_000, saveAs: 'n.jsonl' })).toMatchObject({ rows: [], count: 60_000 });
    expect((await run.text('n.jsonl')).split('\n')).toHaveLength(60_001);
    expect(await query(to, 'SELECT 1 AS one WHERE 1 = 0')).toEqual({
      columns: ['one'],
      rows: [],
      count: 0,
      more: false,
    });
  });

  test('a statement that takes too long is stopped at the server, and the step ends with its signal', async ({
    skip,
  }) => {
    const to = target(skip);
    const slow = type === 'postgres' ? 'SELECT pg_sleep(60)' : 'SELECT sleep(60)';
    await expect(query(to, slow, {}, { timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'DB_TIMEOUT' });
    const signal = AbortSignal.timeout(500);
    await expect(query(to, slow, {}, { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('logins, servers and statements that are wrong are told apart', async ({ skip }) => {
    const to = target(skip);
    const wrong = { ...to, connection: { ...to.connection, user: 'nobody', password: 'wrong' } };
    const refusal = await query(wrong, 'SELECT 1').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'DB_LOGIN_REFUSED', certain: true });
    expect(JSON.stringify(refusal)).not.toContain('wrong');
    const nowhere = { ...to, connection: { ...to.connection, port: 1 } };
    await expect(query(nowhere, 'SELECT 1')).rejects.toMatchObject({ code: 'DB_UNREACHABLE', certain: true });
    await expect(query(to, 'SELEC 1')).rejects.toMatchObject({ code: 'DB_STATEMENT_REFUSED' });
  });

  test('the policy is asked before the server is, without user and password', async ({ skip }) => {
    const to = target(skip);
    const asked: string[] = [];
    const checkUrl = async (url: string) => {
      asked.push(url);
      throw new Error('refused');
    };
    const policy = { ...unrestricted, checkUrl };
    await expect(query(to, 'SELECT 1', {}, { policy })).rejects.toThrow('refused');
    const { host, port } = to.connection as { host: string; port: number };
    expect(asked).toEqual([`${type}://${host}:${port}`]);
    // Where a name leads is judged again when it is dialled.
    const lookupFor = () => (_name: string, _options: object, done: (error: Error, address: string) => void) =>
      done(new StepFailure({ type: 'authorization', code: 'POLICY_HOST_REFUSED', title: 'no', certain: true }), '');
    const named = { ...to, connection: { ...to.connection, host: 'localhost' } };
    const judged = query(named, 'SELECT 1', {}, { policy: { ...unrestricted, lookupFor } });
    await expect(judged).rejects.toMatchObject({ code: 'POLICY_HOST_REFUSED' });
  });

  test('a server that says nothing is given up with the step', async ({ skip }) => {
    const to = target(skip);
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const signal = AbortSignal.timeout(300);
    const asked = query({ ...to, connection: { ...to.connection, port } }, 'SELECT 1', {}, { signal });
    await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
    silent.close();
  });
});

test('mysql: a server that nobody vouches for gets no password', async ({ skip }) => {
  const to = targets.mysql;
  if (to === undefined) return skip(`no MariaDB here: ${missing}`);
  const { authorities: _, ...connection } = to.connection;
  const ask = (how: object) => run.call('db.query', { connection: how, sql: 'SELECT 1 AS one' });
  await expect(ask(connection)).rejects.toMatchObject({ code: 'DB_TLS' });
  const byAddress = { ...to.connection, host: '127.0.0.1' };
  await expect(ask(byAddress)).rejects.toMatchObject({ code: 'DB_TLS_NEEDS_NAME' });
  expect(await ask(to.connection)).toMatchObject({ rows: [{ one: 1 }] });
  expect(await ask({ ...connection, security: 'none' })).toMatchObject({ rows: [{ one: 1 }] });
});

test('postgres: a server without TLS is not spoken to in clear unless the document says so', async () => {
  const { security: _, ...connection } = targets.postgres!.connection;
  const asked = run.call('db.query', { connection, sql: 'SELECT 1' });
  await expect(asked).rejects.toMatchObject({
    code: 'DB_UNREACHABLE',
    detail: expect.stringContaining('SSL') as unknown,
  });
});
