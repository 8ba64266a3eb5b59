/** Attacks 32 and 44: what is left on a connection, and what the app login itself can do, shows nobody another tenant's row. */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase, sql, type Database } from '../../control-plane/src/platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../../control-plane/src/platform/database/testing.ts';
import { TEST_LOGINS } from '../../control-plane/src/platform/database/testing-global.ts';
import { findPgBouncer } from '../support/pgbouncer.ts';
import { hammer } from '../support/two-tenants.ts';
import { attack } from './attack.ts';

const addTenant = sql<never, [tenant: string]>('testTenancyTenant', 'INSERT INTO tenant (id, name) VALUES ($1, $1)');
const addJob = sql<never, [tenant: string]>(
  'testTenancyJob',
  `INSERT INTO job (tenant_id, id, workflow_id, route_id, state, priority, max_attempts, input, created_by)
   VALUES ($1, gen_random_uuid(), gen_random_uuid(), 1, 'pending', 50, 3, '{}', 'test')`,
);
const jobs = sql<{ tenant: string }, []>('tenancyJobs', 'SELECT tenant_id AS tenant FROM job');
const fails = sql('tenancyFails', 'SELECT 1 / 0');
const touch = sql<never, [tenant: string]>('tenancyTouch', 'UPDATE job SET priority = 1 WHERE tenant_id = $1');

let database: TestDatabase;
/** One connection for everything that the app login does, so that each use follows the one before. */
let app: Database;
beforeAll(async () => {
  database = await testDatabase();
  app = openDatabase(database.env.CASARE_DATABASE_APP_URL, { max: 1, listenUrl: null });
  for (const tenant of ['one', 'two']) {
    await database.db.execute(addTenant(tenant));
    await database.db.execute(addJob(tenant));
  }
});
afterAll(async () => {
  await app.close();
  await database.close();
});

const seen = async (by: Pick<Database, 'query'>): Promise<string[]> =>
  (await by.query(jobs())).map(({ tenant }) => tenant).sort();

const POLICY = {
  file: 'control-plane/migrations/0028_row_security.sql',
  find: `EXECUTE format('CREATE POLICY tenant ON %s TO casare_app USING (%I = current_setting(''casare.tenant'', true))', relation, key);`,
  replace: `EXECUTE format('CREATE POLICY tenant ON %s TO casare_app USING (true)', relation);`,
};

attack(
  32,
  'a connection that somebody used, whatever its use ended by, shows the next one no row of theirs',
  [
    POLICY,
    {
      file: 'control-plane/src/platform/database/opening.ts',
      find: '`; set local ${checkedName(name)} = ${escapeLiteral(value)}`',
      replace: '`; set session ${checkedName(name)} = ${escapeLiteral(value)}`',
    },
  ],
  async () => {
    const one = app.of('one');
    // The control: a tenant sees its own.
    expect(await seen(one)).toEqual(['one']);
    expect(await seen(app), 'after a read').toEqual([]);
    await one.transaction((tx) => tx.query(jobs()));
    expect(await seen(app), 'after a commit').toEqual([]);
    await expect(one.transaction((tx) => tx.query(fails()))).rejects.toThrow('division by zero');
    expect(await seen(app), 'after an error').toEqual([]);
    await expect(one.query(fails())).rejects.toThrow('division by zero');
    expect(await seen(app), 'after an error of a statement by itself').toEqual([]);
    await expect(one.transaction(() => Promise.reject(new Error('given up')))).rejects.toThrow('given up');
    expect(await seen(app), 'after a rollback').toEqual([]);
    expect(await seen(app.of('two'))).toEqual(['two']);
    expect(await seen(app.of('nobody'))).toEqual([]);
    expect(await seen(app.of(''))).toEqual([]);
    // Nor is it written to.
    expect(await one.execute(touch('two'))).toBe(0);
    expect(await app.of('two').execute(touch('two'))).toBe(1);
  },
);

attack(
  44,
  'the app login says RESET ROLE, becomes another role, or turns row-level security off',
  [POLICY],
  async () => {
    const client = new Client({ connectionString: database.env.CASARE_DATABASE_APP_URL });
    await client.connect();
    const count = async (): Promise<number> => (await client.query('SELECT * FROM job')).rowCount!;
    try {
      // The control: there are rows, and with a tenant it sees one.
      await client.query(`BEGIN; SET LOCAL casare.tenant = 'one'`);
      expect(await count()).toBe(1);
      await client.query('COMMIT');
      await client.query('RESET ROLE');
      expect(await count()).toBe(0);
      await client.query('RESET SESSION AUTHORIZATION');
      expect(await count()).toBe(0);
      await client.query('SET ROLE casare_app');
      expect(await count()).toBe(0);
      await client.query('RESET ALL');
      for (const role of ['casare_system', TEST_LOGINS.system, 'postgres']) {
        await expect(client.query(`SET ROLE ${role}`)).rejects.toThrow('permission denied');
        await expect(client.query(`SET SESSION AUTHORIZATION ${role}`)).rejects.toThrow('permission denied');
      }
      await expect(client.query('ALTER TABLE job NO FORCE ROW LEVEL SECURITY')).rejects.toThrow('must be owner');
      await expect(client.query('ALTER TABLE job DISABLE ROW LEVEL SECURITY')).rejects.toThrow('must be owner');
      await expect(client.query('CREATE POLICY all_of_it ON job USING (true)')).rejects.toThrow('must be owner');
      await expect(client.query('SELECT * FROM job_default')).rejects.toThrow('permission denied');
      await expect(client.query(`SELECT history_drop_day('20260101')`)).rejects.toThrow('permission denied');
      // It makes a search that may not be narrowed an error, and never a wider one.
      await client.query('SET row_security = off');
      await expect(client.query('SELECT * FROM job')).rejects.toThrow('row-level security');
    } finally {
      await client.end();
    }
  },
);

const start = await findPgBouncer();
const reason = 'reason' in start ? `: skipped, ${start.reason}` : '';
test.skipIf('reason' in start)(`two tenants at once through PgBouncer see nothing of each other${reason}`, async () => {
  if ('reason' in start) return;
  const login = { user: TEST_LOGINS.app, password: TEST_LOGINS.password };
  const pooler = await start(database.url, [login], { poolSize: 3, clients: 100 });
  try {
    const appUrl = pooler.through(database.env.CASARE_DATABASE_APP_URL);
    const outcome = await hammer({ appUrl, owner: database.owner, clients: 30, requests: 1_500 });
    expect(outcome).toMatchObject({ requests: 1_500, foreign: 0, blind: 0, left: 0 });
  } finally {
    await pooler.stop();
  }
});
