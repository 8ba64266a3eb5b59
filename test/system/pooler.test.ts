/** The whole number: two tenants, 1,000 clients on 20 connections through PgBouncer, 100,000 requests, and no foreign row. */
import { expect, test } from 'vitest';
import { testDatabase } from '../../control-plane/src/platform/database/testing.ts';
import { TEST_LOGINS } from '../../control-plane/src/platform/database/testing-global.ts';
import { findPgBouncer } from '../support/pgbouncer.ts';
import { hammer } from '../support/two-tenants.ts';

const start = await findPgBouncer();
const reason = 'reason' in start ? `: skipped, ${start.reason}` : '';

test.skipIf('reason' in start)(`100,000 requests of two tenants through PgBouncer${reason}`, async () => {
  if ('reason' in start) return;
  const database = await testDatabase();
  const login = { user: TEST_LOGINS.app, password: TEST_LOGINS.password };
  const pooler = await start(database.url, [login], { poolSize: 20, clients: 1_100 });
  try {
    const appUrl = pooler.through(database.env.CASARE_DATABASE_APP_URL);
    const outcome = await hammer({ appUrl, owner: database.owner, clients: 1_000, requests: 100_000 });
    console.log(JSON.stringify({ ...outcome, clients: 1_000, connections: 20 }));
    expect(outcome).toMatchObject({ requests: 100_000, foreign: 0, blind: 0, left: 0 });
  } finally {
    await pooler.stop();
    await database.close();
  }
});
