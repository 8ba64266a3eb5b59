/** For tests: the whole control plane on a database and a home of its own, on free loopback ports. */
import type { Role } from '@casare/shared/api';
import { createClient, type Client } from '@casare/shared/client';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { insertAccount, insertApiKey } from './accounts/account.store.ts';
import { hashSecret, newApiKey } from './accounts/credential.ts';
import type { AdminFile } from './accounts/index.ts';
import { startControlPlane } from './main.ts';
import { readConfig } from './platform/config.ts';
import { testDatabase, type TestDatabase } from './platform/database/testing.ts';

export interface TestControlPlane {
  readonly url: string;
  readonly home: string;
  readonly admin: AdminFile;
  readonly database: TestDatabase;
  /** As the owner of the first start. */
  readonly client: Client;
  /** A new API key of a new account. */
  keyOf(role: Role, tenant?: string): Promise<string>;
  close(): Promise<void>;
}

export async function startTestControlPlane(): Promise<TestControlPlane> {
  const database = await testDatabase();
  const home = await mkdtemp(path.join(tmpdir(), 'casare-test-home-'));
  const config = readConfig({
    CASARE_HOME: home,
    CASARE_DATABASE_URL: database.url,
    CASARE_WEB_PORT: '0',
    CASARE_ENROL_PORT: '0',
    CASARE_TUNNEL_PORT: '0',
    CASARE_LOG_LEVEL: 'silent',
  });
  const running = await startControlPlane(config);
  const { admin } = running;
  return {
    url: admin.url,
    home,
    admin,
    database,
    client: createClient({ url: admin.url, apiKey: admin.apiKey }),
    async keyOf(role, tenant = admin.tenant) {
      const accountId = crypto.randomUUID();
      const { id, secret, text } = newApiKey();
      const email = `${accountId}@example.com`;
      await insertAccount(database.db, { tenant, id: accountId, email, passwordHash: '-', role });
      await insertApiKey(database.db, { tenant, id, accountId, name: 'test', secretHash: hashSecret(secret), role });
      return text;
    },
    async close() {
      await running.stop();
      await database.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
