/** Another master key while secrets are read and written; whatever dies in between, nothing becomes unreadable. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../platform/clock.ts';
import type { SecretsMaster } from '../platform/secrets-master.ts';
import { sql, type Database } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { isRefusal } from '../platform/refusal.ts';
import { BATCH } from './master-rotation.service.ts';
import { createSecrets, type SecretsFeature } from './secrets.module.ts';

const BY = { tenant: 'acme', actor: 'account:test' };
const addTenant = sql<never>(
  'testAddAcme',
  `INSERT INTO tenant (id, name) VALUES ('acme', 'acme'), ('other', 'other')`,
);
const mastersOf = sql<{ id: string; state: string }>(
  'testMasters',
  'SELECT id, state FROM secret_master ORDER BY made_at',
);
let database: TestDatabase;
let home: string;
let clock: ManualClock;
beforeEach(async () => {
  database = await testDatabase();
  await database.db.execute(addTenant());
  home = await mkdtemp(path.join(tmpdir(), 'casare-master-'));
  clock = new ManualClock();
});
afterEach(async () => {
  await database.close();
  await rm(home, { recursive: true, force: true });
});

/** A replica of its own: its memory is. */
const replica = (master: SecretsMaster = { from: 'file' }, db: Database = database.db): SecretsFeature =>
  createSecrets({ db, clock, home, master });
/** As many more than a call wraps anew. */
async function setMany(on: SecretsFeature, more: number): Promise<void> {
  for (let n = 0; n < BATCH + more; n += 1) await set(on, `many${n}`, `one of many: ${n}`);
}
const set = (on: SecretsFeature, name: string, value: string, tenant = 'acme') =>
  on.management.set({ ...BY, tenant }, name, { value });
async function read(on: SecretsFeature, name: string, tenant = 'acme'): Promise<unknown> {
  const use = {
    tenant,
    jobId: crypto.randomUUID(),
    attempt: 1,
    agentId: crypto.randomUUID(),
    requestedBy: 'account:ann',
  };
  const found = await on.delivery.secretsFor(use, [name]);
  return found.values[name];
}
async function rotated(on: SecretsFeature, to?: string) {
  const outcome = await on.rotation.rotate(BY, to);
  if (isRefusal(outcome)) throw new Error(outcome.code);
  return outcome;
}
const keysInFile = async () =>
  (JSON.parse(await readFile(path.join(home, 'secrets-master.key'), 'utf8')) as { keys: unknown[] }).keys.length;

/** A database that cuts a transaction off before it commits, after `left` others; null: none. */
function cutOff(cut: { left: number | null }): Database {
  const { db } = database;
  return {
    of: (tenant) => db.of(tenant),
    ...{ url: db.url, query: db.query.bind(db), execute: db.execute.bind(db), listen: db.listen.bind(db) },
    ...{ notify: db.notify.bind(db), close: db.close.bind(db) },
    transaction: (work, options) =>
      db.transaction(async (tx) => {
        const result = await work(tx);
        if (cut.left === 0) throw new Error('cut off');
        if (cut.left !== null) cut.left -= 1;
        return result;
      }, options),
  };
}

describe('a rotation', () => {
  test('puts everything of all tenants under a new key, and forgets the old one', async () => {
    const [one, other] = [replica(), replica()];
    await set(one, 'a', 'value a');
    await set(one, 'b', 'value b', 'other');
    const [before] = await database.db.query(mastersOf());
    expect(await read(other, 'a')).toBe('value a');

    const done = await rotated(one);
    expect(done).toMatchObject({ retiring: [], remaining: 0, done: true });
    expect(await database.db.query(mastersOf())).toEqual([{ id: done.current, state: 'current' }]);
    expect(done.current).not.toBe(before?.id);
    expect(await keysInFile()).toBe(1);
    // Also a replica that has not heard of it, and one that is started now.
    for (const on of [one, other, replica()]) {
      expect([await read(on, 'a'), await read(on, 'b', 'other')]).toEqual(['value a', 'value b']);
    }
    await set(other, 'a', 'newer');
    expect(await read(one, 'a')).toBe('newer');
  });

  test('goes step by step; in between everything opens, and new values are under the new key', async () => {
    const [one, other] = [replica(), replica()];
    await setMany(one, 20);
    await set(one, 'z', 'the last');
    const begun = await rotated(one);
    expect(begun).toMatchObject({ remaining: 21, done: false });
    expect(begun.retiring).toHaveLength(1);
    expect(await keysInFile()).toBe(2);
    for (let n = 0; n < BATCH + 20; n += 1) expect(await read(other, `many${n}`)).toBe(`one of many: ${n}`);
    expect(await read(other, 'z')).toBe('the last');
    await set(other, 'z', 'newer');
    expect(await one.management.versions(BY, 'z', { limit: 5 })).toMatchObject({
      items: [{ masterKey: begun.current }, {}],
    });
    // Another operator, or the same after a crash, goes on and does not begin anew.
    const gone = await rotated(replica());
    expect(gone).toEqual({ current: begun.current, retiring: [], remaining: 0, done: true });
    expect(await read(replica(), 'z')).toBe('newer');
    expect(await rotated(one, begun.current)).toMatchObject({ done: true, current: begun.current });
    await expect(rotated(one, 'file:0000000000000000')).rejects.toThrow('MASTER_ROTATION_OTHER');
  });

  test('that is cut off before any of its commits leaves everything readable, and can be gone on with', async () => {
    const cut: { left: number | null } = { left: null };
    const dying = replica({ from: 'file' }, cutOff(cut));
    await setMany(dying, 1);
    const fails = async (left: number) => {
      cut.left = left;
      await expect(rotated(dying)).rejects.toThrow('cut off');
      cut.left = null;
      for (const n of [0, BATCH]) expect(await read(replica(), `many${n}`)).toBe(`one of many: ${n}`);
    };
    // The new key is in the file; the database has not heard of it.
    await fails(0);
    expect(await keysInFile()).toBe(2);
    // Begun, and some are under the new key.
    await fails(1);
    const [, { id: current } = { id: '' }] = await database.db.query(mastersOf());
    // What is left is not wrapped anew yet; then it is, and the file holds the new key alone.
    await fails(0);
    await fails(1);
    expect(await database.db.query(mastersOf())).toHaveLength(2);
    expect(await rotated(replica())).toEqual({ current, retiring: [], remaining: 0, done: true });
    for (const n of [0, BATCH]) expect(await read(replica(), `many${n}`)).toBe(`one of many: ${n}`);
    expect(await keysInFile()).toBe(1);
  });

  test('by two operators at once is one rotation', async () => {
    const [one, other] = [replica(), replica()];
    await setMany(one, 1);
    const both = await Promise.all([rotated(one), rotated(other)]);
    expect(both[0].current).toBe(both[1].current);
    expect(await database.db.query(mastersOf())).toEqual([{ id: both[0].current, state: 'current' }]);
    expect(await read(replica(), 'many7')).toBe('one of many: 7');
  });

  test('goes on while secrets are written and read', async () => {
    const [writer, reader, operator] = [replica(), replica(), replica()];
    for (let n = 0; n < 5; n += 1) await set(writer, `s${n}`, `value ${n}.0`);
    const writes = async () => {
      for (let turn = 1; turn <= 10; turn += 1)
        for (let n = 0; n < 5; n += 1) await set(writer, `s${n}`, `value ${n}.${turn}`);
    };
    const reads = async () => {
      for (let turn = 0; turn < 60; turn += 1) expect(await read(reader, `s${turn % 5}`)).toMatch(/^value \d\.\d+$/);
    };
    const turns = async () => {
      for (let turn = 0; turn < 6; turn += 1) await rotated(operator);
    };
    await Promise.all([writes(), reads(), turns()]);
    for (let n = 0; n < 5; n += 1) expect(await read(replica(), `s${n}`)).toBe(`value ${n}.10`);
  });
});

describe('keys of the environment', () => {
  const [older, newer] = [randomBytes(32), randomBytes(32)];
  const from = (...keys: Buffer[]): SecretsMaster => ({ from: 'environment', keys });

  test('follow one another; a rotation needs a new one', async () => {
    await set(replica(from(older)), 'a', 'value a');
    await expect(rotated(replica(from(older)))).rejects.toThrow('MASTER_KEY_SAME');
    const both = replica(from(newer, older));
    expect(await read(both, 'a')).toBe('value a');
    await set(both, 'b', 'before the rotation');
    expect(await rotated(both)).toMatchObject({ done: true });
    const alone = replica(from(newer));
    expect([await read(alone, 'a'), await read(alone, 'b')]).toEqual(['value a', 'before the rotation']);
    await expect(read(replica(from(older)), 'a')).rejects.toMatchObject({ code: 'SECRETS_MASTER_MISSING' });
  });

  test('take over from the file', async () => {
    await set(replica(), 'a', 'value a');
    const moved = replica(from(newer));
    expect(await rotated(moved)).toMatchObject({
      done: true,
      current: expect.stringMatching(/^environment:/) as string,
    });
    await rm(path.join(home, 'secrets-master.key'));
    expect(await read(replica(from(newer)), 'a')).toBe('value a');
  });
});
