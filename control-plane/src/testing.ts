/** For tests: the whole control plane on a database and a home of its own, on free loopback ports. */
import type { Role } from '@casare/shared/api';
import { createClient, type Client } from '@casare/shared/client';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AdminFile } from './accounts/index.ts';
import { startControlPlane } from './main.ts';
import { readConfig } from './platform/config.ts';
import { sql } from './platform/database/index.ts';
import type { PublicUrls } from './platform/public-urls.ts';
import { logOfCauses } from './platform/testing-causes.ts';
import { testDatabase, type TestDatabase } from './platform/database/testing.ts';
import { heldToDocument } from './platform/http/testing-document.ts';

export interface TestControlPlane {
  readonly url: string;
  /** Where each service is reached. */
  readonly urls: PublicUrls;
  readonly home: string;
  readonly admin: AdminFile;
  readonly database: TestDatabase;
  /** As the owner of the first start. */
  readonly client: Client;
  /** A new API key of a new account; the tenant is made if need be. */
  keyOf(role: Role, tenant?: string): Promise<string>;
  close(): Promise<void>;
}

const addKey = sql<never, [tenant: string, account: string, role: Role, key: string, secretHash: Buffer]>(
  'testAddKey',
  `WITH tenant AS (INSERT INTO tenant (id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING),
     account AS (INSERT INTO account (tenant_id, id, email, password_hash, role) VALUES ($1, $2, $4, '-', $3))
   INSERT INTO api_key (tenant_id, id, account_id, name, secret_hash, role) VALUES ($1, $4, $2, 'test', $5, $3)`,
);

/** Starts it; `env` goes over the test's own environment. */
export async function startTestControlPlane(env: Record<string, string> = {}): Promise<TestControlPlane> {
  const database = await testDatabase();
  const home = await mkdtemp(path.join(tmpdir(), 'casare-test-home-'));
  const config = readConfig({
    CASARE_HOME: home,
    ...database.env,
    ...('CASARE_PORT' in env ? {} : { CASARE_WEB_PORT: '0', CASARE_ENROL_PORT: '0', CASARE_TUNNEL_PORT: '0' }),
    ...env,
  });
  const running = await startControlPlane(config, 'CASARE_LOG_LEVEL' in env ? {} : { log: logOfCauses() });
  const { admin } = running;
  return {
    url: admin.url,
    urls: running.urls,
    home,
    admin,
    database,
    client: createClient({ url: admin.url, apiKey: admin.apiKey, fetch: heldToDocument() }),
    async keyOf(role, tenant = admin.tenant) {
      const id = randomBytes(8).toString('hex');
      const secret = randomBytes(32).toString('base64url');
      const hash = createHash('sha256').update(secret).digest();
      await database.db.execute(addKey(tenant, crypto.randomUUID(), role, id, hash));
      return `csk_${id}_${secret}`;
    },
    async close() {
      await running.stop();
      await database.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
