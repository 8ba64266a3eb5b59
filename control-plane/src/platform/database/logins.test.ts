/** The logins on a server of their own: who makes them, where they are kept, and what is said when they cannot be made. */
import { chmod, cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../log.ts';
import { withDatabase, withLogin } from './connection.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/index.ts';
import { openInstallation, type InstallationConfig } from './installation.ts';
import { readMigrations } from './migrate.ts';
import { openDatabase, type Database } from './pool.ts';
import { sql } from './statement.ts';

const MIGRATIONS = path.resolve(import.meta.dirname, '../../../migrations');
const PASSWORD = 'given by an administrator';
const addTenant = sql<never, [id: string]>('loginsAddTenant', 'INSERT INTO tenant (id, name) VALUES ($1, $1)');
const tenants = sql<{ id: string; name: string }, []>('loginsTenants', 'SELECT id, name FROM tenant ORDER BY id');
const whoAmI = sql<{ name: string }, []>('loginsWhoAmI', 'SELECT current_user::text AS name');

let folder: string;
let postgres: EmbeddedPostgres;
let admin: Database;
const plain = (): string => withLogin(withDatabase(postgres.url, 'plain'), 'plain_owner', PASSWORD);
const given = (name: string): string => withLogin(plain(), name, PASSWORD);

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'casare-logins-'));
  await chmod(folder, 0o711);
  postgres = await startEmbeddedPostgres({
    dataDir: path.join(folder, 'postgres'),
    logFile: path.join(folder, 'postgres.log'),
    log: silentLog,
    settings: { fsync: 'off', synchronous_commit: 'off' },
  });
  admin = openDatabase(postgres.url, { max: 2 });
  await script(`CREATE ROLE plain_owner LOGIN PASSWORD '${PASSWORD}'`);
  await admin.execute({ name: 'loginsDatabase', text: 'CREATE DATABASE plain OWNER plain_owner', values: [] });
});
afterAll(async () => {
  await admin.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

const script = (text: string): Promise<void> => admin.transaction((tx) => tx.script(text));

async function home(): Promise<string> {
  return mkdtemp(path.join(folder, 'home-'));
}

function open(url: string, config: Partial<InstallationConfig> & { readonly home: string }, directory = MIGRATIONS) {
  const none = { databaseAppUrl: null, databaseSystemUrl: null, databaseListenUrl: null };
  return openInstallation(url, { ...none, ...config }, { log: silentLog, directory });
}

describe('an owner who may make no roles', () => {
  it('is told what to do when there are none, and nothing was changed', async () => {
    await expect(open(plain(), { home: await home() })).rejects.toMatchObject({
      code: 'DATABASE_ROLES_MISSING',
      fix: expect.stringContaining('CASARE_DATABASE_APP_URL') as string,
    });
  });

  it('is told what to do when there are roles and no logins', async () => {
    await script('CREATE ROLE casare_app; CREATE ROLE casare_system');
    await expect(open(plain(), { home: await home() })).rejects.toMatchObject({
      code: 'DATABASE_LOGINS_MISSING',
      fix: expect.stringContaining('CASARE_DATABASE_SYSTEM_URL') as string,
    });
  });

  it('works with logins that are given, and sees no row of a tenant itself', async () => {
    for (const kind of ['app', 'system']) {
      await script(`CREATE ROLE given_${kind} LOGIN PASSWORD '${PASSWORD}' IN ROLE casare_${kind}`);
    }
    const urls = { databaseAppUrl: given('given_app'), databaseSystemUrl: given('given_system') };
    const directory = await home();
    const db = await open(plain(), { home: directory, ...urls });
    for (const tenant of ['one', 'two']) await db.execute(addTenant(tenant));
    expect((await db.of('one').query(tenants())).map(({ id }) => id)).toEqual(['one']);
    expect((await db.query(tenants())).map(({ id }) => id)).toEqual(['one', 'two']);
    await db.close();
    await expect(readFile(path.join(directory, 'database-logins.json'))).rejects.toThrow('ENOENT');
    const owner = openDatabase(plain(), { max: 1 });
    expect(await owner.query(tenants())).toEqual([]);
    await owner.close();
  });

  it.each([
    ['the owner of the tables', () => plain(), 'is not in the role casare_app'],
    ['the other login', () => given('given_system'), 'is not in the role casare_app'],
    ['a superuser', () => withDatabase(postgres.url, 'plain'), 'is in the role casare_system too'],
    ['a wrong password', () => withLogin(plain(), 'given_app', 'wrong'), 'password authentication failed'],
  ])('refuses %s as the app login', async (_, appUrl, why) => {
    await expect(
      open(plain(), { home: await home(), databaseAppUrl: appUrl(), databaseSystemUrl: given('given_system') }),
    ).rejects.toMatchObject({ code: 'DATABASE_LOGIN_UNFIT', why: expect.stringContaining(why) as string });
  });

  it('changes rows in migrations all the same', async () => {
    const directory = await home();
    await cp(MIGRATIONS, directory, { recursive: true });
    const next = (await readMigrations(directory)).length + 1;
    await writeFile(
      path.join(directory, `${String(next).padStart(4, '0')}_rename.sql`),
      `UPDATE tenant SET name = 'renamed';\n`,
    );
    const urls = { databaseAppUrl: given('given_app'), databaseSystemUrl: given('given_system') };
    const db = await open(plain(), { home: await home(), ...urls }, directory);
    expect((await db.query(tenants())).map(({ name }) => name)).toEqual(['renamed', 'renamed']);
    await db.close();
    const owner = openDatabase(plain(), { max: 1 });
    expect(await owner.query(tenants()), 'forced again').toEqual([]);
    await owner.close();
  });
});

describe('an owner who may', () => {
  it('makes logins of the home with passwords of their own, keeps them private, and finds them again', async () => {
    const directory = await home();
    const names: string[] = [];
    for (let start = 0; start < 2; start++) {
      const db = await open(postgres.url, { home: directory });
      names.push((await db.query(whoAmI()))[0]!.name, (await db.of('one').query(whoAmI()))[0]!.name);
      await db.close();
    }
    expect(names[0]).toMatch(/^casare_system_[0-9a-f]{8}$/);
    expect(names[1]).toMatch(/^casare_app_[0-9a-f]{8}$/);
    expect(names.slice(2)).toEqual(names.slice(0, 2));
    const file = path.join(directory, 'database-logins.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { app } = JSON.parse(await readFile(file, 'utf8')) as { app: { password: string } };
    expect(await readFile(path.join(folder, 'postgres.log'), 'utf8')).not.toContain(app.password);
  });

  it('makes those of the file again where the server does not know them, and leaves other homes alone', async () => {
    const [one, other] = [await home(), await home()];
    for (const directory of [one, other]) await (await open(postgres.url, { home: directory })).close();
    const file = path.join(one, 'database-logins.json');
    const { app } = JSON.parse(await readFile(file, 'utf8')) as { app: { user: string } };
    await script(`DROP ROLE ${app.user}`);
    const before = await readFile(file, 'utf8');
    for (const directory of [one, other]) await (await open(postgres.url, { home: directory })).close();
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it('two that start at once in one home make one pair', async () => {
    const directory = await home();
    const both = await Promise.all([open(postgres.url, { home: directory }), open(postgres.url, { home: directory })]);
    const names = await Promise.all(both.map(async (db) => (await db.query(whoAmI()))[0]!.name));
    expect(names[0]).toBe(names[1]);
    for (const db of both) await db.close();
  });

  it('says so when the file is damaged', async () => {
    const directory = await home();
    await writeFile(path.join(directory, 'database-logins.json'), '{', { mode: 0o600 });
    await expect(open(postgres.url, { home: directory })).rejects.toMatchObject({ code: 'DATABASE_LOGINS_BROKEN' });
  });
});
