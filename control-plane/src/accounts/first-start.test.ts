import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { createIds } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { isRefusal } from '../platform/refusal.ts';
import { AccountsService } from './accounts.service.ts';
import { firstStart, readAdminFile } from './first-start.ts';

const empty = sql('testEmptyAccounts', 'TRUNCATE tenant CASCADE');
let database: TestDatabase;
let home: string;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'casare-first-'));
  await database.db.execute(empty());
});
afterEach(() => rm(home, { recursive: true, force: true }));

function start(more: { url?: string; resetPassword?: boolean } = {}) {
  const options = { url: 'http://127.0.0.1:8080', clock: systemClock, ids: createIds(systemClock), log: silentLog };
  return firstStart({ ...options, database: database.db, home, ...more });
}
async function works({ apiKey, email, password }: { apiKey: string; email: string; password: string | null }) {
  const accounts = new AccountsService(database.db, systemClock, () => Promise.resolve(Buffer.alloc(32)));
  const signedIn =
    password !== null && !isRefusal(await accounts.logIn(email, password, { address: '127.0.0.1', userAgent: '' }));
  return [(await accounts.authenticate({ apiKey, sessionToken: null }))?.role === 'owner', signedIn];
}

test('it makes an owner and a key that work, and a private file that says so', async () => {
  const admin = await start();
  expect(admin).toMatchObject({ url: 'http://127.0.0.1:8080', tenant: 'default' });
  expect(await works(admin)).toEqual([true, true]);
  const file = path.join(home, 'admin.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(admin);
});

test('a second start keeps everything and follows the address', async () => {
  const first = await start();
  expect(await start({ url: 'http://127.0.0.1:9090' })).toEqual({ ...first, url: 'http://127.0.0.1:9090' });
  expect(await works(first)).toEqual([true, true]);
});

test('a file whose rows were never committed is made true', async () => {
  const first = await start();
  await database.db.execute(empty());
  expect(await start()).toEqual(first);
  expect(await works(first)).toEqual([true, true]);
});

test('a lost file gets a new key, the old one ends; the password only changes when asked', async () => {
  const first = await start();
  await rm(path.join(home, 'admin.json'));
  const second = await start();
  expect(second.password).toBeNull();
  expect(await works(second)).toEqual([true, false]);
  expect(await works(first)).toEqual([false, true]);
  const third = await start({ resetPassword: true });
  expect(await works(third)).toEqual([true, true]);
  expect(await readAdminFile(home)).toEqual(third);
});

test('replicas that start for the first time at once on one home agree', async () => {
  const all = await Promise.all(Array.from({ length: 4 }, () => start()));
  for (const admin of all) expect(admin).toEqual(all[0]);
  expect(await readAdminFile(home)).toEqual(all[0]);
  expect(await works(all[0]!)).toEqual([true, true]);
});

test('a file that others may read is refused', async () => {
  await start();
  await chmod(path.join(home, 'admin.json'), 0o644);
  await expect(start()).rejects.toMatchObject({ code: 'FILE_NOT_PRIVATE' });
});
