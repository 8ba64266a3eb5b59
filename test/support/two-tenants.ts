/**
 * Two tenants at once through PgBouncer: clients that each hold a connection, share a few of the server's, and in turn read,
 * write, fail and give up as one or the other. What any of them sees of the other one is counted.
 */
import { randomUUID } from 'node:crypto';
import { openDatabase, sql, type Database } from '../../control-plane/src/platform/database/index.ts';

const addTenant = sql<never, [tenant: string]>('testTenant', `INSERT INTO tenant (id, name) VALUES ($1, $1)`);
const addFailing = sql<never, [tenant: string, key: string]>(
  'testAddFailing',
  `INSERT INTO idempotency_key (tenant_id, key, request_digest, job_ids) VALUES ($1, $2, repeat('x', 1 / 0), '{}')`,
);
const addRow = sql<never, [tenant: string, key: string]>(
  'hammerAdd',
  `INSERT INTO idempotency_key (tenant_id, key, request_digest, job_ids) VALUES ($1, $2, 'x', '{}')
   ON CONFLICT DO NOTHING`,
);
// No tenant in the predicate: what keeps the other's rows away is the policy alone.
const readAll = sql<{ tenant_id: string; n: number }, []>(
  'hammerRead',
  'SELECT tenant_id, count(*)::int AS n FROM idempotency_key GROUP BY tenant_id',
  { idempotent: true },
);
const readSetting = sql<{ tenant: string | null }, []>(
  'hammerSetting',
  `SELECT current_setting('casare.tenant', true) AS tenant`,
);

export interface Hammering {
  /** The app login's address, through the pooler. */
  readonly appUrl: string;
  /** As the owner of the tables, to prepare. */
  readonly owner: Database;
  readonly clients: number;
  readonly requests: number;
}

export interface Hammered {
  readonly requests: number;
  /** Rows of the other tenant, or of any where none was named. */
  readonly foreign: number;
  /** Reads that did not see the own tenant's rows: a wrong "nothing" would look like isolation. */
  readonly blind: number;
  /** Sessions that had a tenant outside of a transaction of one. */
  readonly left: number;
  readonly seconds: number;
}

const TENANTS = ['hammer-one', 'hammer-two'] as const;
/** Rows of each tenant before it begins. */
const ROWS = 20;

export async function hammer({ appUrl, owner, clients, requests }: Hammering): Promise<Hammered> {
  for (const tenant of TENANTS) {
    await owner.execute(addTenant(tenant));
    for (let n = 0; n < ROWS; n++) await owner.execute(addRow(tenant, `first ${n}`));
  }
  const counts = { foreign: 0, blind: 0, left: 0 };
  // One connection each, so that there are as many to the pooler as there are clients.
  const pools = Array.from({ length: clients }, () =>
    openDatabase(appUrl, { max: 1, prepare: false, listenUrl: null }),
  );
  const startedAt = performance.now();
  let next = 0;
  const client = async (db: Database): Promise<void> => {
    for (let n = next++; n < requests; n = next++) await request(db, n, counts);
  };
  try {
    await Promise.all(pools.map(client));
  } finally {
    await Promise.all(pools.map((pool) => pool.close()));
  }
  return { requests, ...counts, seconds: Math.round((performance.now() - startedAt) / 100) / 10 };
}

async function request(db: Database, n: number, counts: { foreign: number; blind: number; left: number }) {
  const tenant = TENANTS[n % 2]!;
  const mine = db.of(tenant);
  const look = (rows: readonly { readonly tenant_id: string; readonly n: number }[], owned: string | null): void => {
    for (const row of rows) if (row.tenant_id !== owned) counts.foreign += row.n;
    if (owned !== null && (rows.find((row) => row.tenant_id === owned)?.n ?? 0) < ROWS) counts.blind += 1;
  };
  switch (n % 10) {
    case 4: // It fails in the middle, and its connection goes to whoever comes next.
      await refused(mine.transaction((tx) => tx.execute(addFailing(tenant, randomUUID()))));
      return;
    case 5: // It is rolled back.
      await refused(
        mine.transaction(async (tx) => {
          look(await tx.query(readAll()), tenant);
          throw new Error('rolled back');
        }),
      );
      return;
    case 6: // It writes for the other one.
      if (await taken(mine.execute(addRow(TENANTS[(n + 1) % 2]!, randomUUID())))) counts.foreign += 1;
      return;
    case 7: // It names no tenant.
      look(await db.query(readAll()), null);
      if ((await db.query(readSetting()))[0]!.tenant) counts.left += 1;
      return;
    case 8:
      await mine.execute(addRow(tenant, `more ${n % 500}`));
      return;
    case 9:
      await mine.transaction(async (tx) => {
        look(await tx.query(readAll()), tenant);
        look(await tx.query(readAll()), tenant);
      });
      return;
    default:
      look(await mine.query(readAll()), tenant);
  }
}

async function taken(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

async function refused(work: Promise<unknown>): Promise<void> {
  if (await taken(work)) throw new Error('what must fail succeeded');
}
