/** The chain of the audit log on a real database: whole, in an order that never changes, and by one appender at a time. */
import { CHAIN_START, follow, type ChainHead } from '@casare/certs';
import type { AuditEntry } from '@casare/shared/api';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { silentLog } from '../platform/log.ts';
import { isRefusal } from '../platform/refusal.ts';
import { appendAudit, AuditService } from './index.ts';

const addTenant = sql<never, [id: string, operator: boolean]>(
  'testAuditTenant',
  `INSERT INTO tenant (id, name, operator) VALUES ($1, $1, $2)`,
);

let database: TestDatabase;
let audit: AuditService;
let tenant: string;
let count = 0;
beforeAll(async () => {
  database = await testDatabase();
  audit = new AuditService({ db: database.db, log: silentLog });
  await database.db.execute(addTenant('operator', true));
});
beforeEach(async () => {
  tenant = `t${++count}`;
  await database.db.execute(addTenant(tenant, false));
});
afterAll(() => database.close());

const write = (subject: string, of = tenant) =>
  database.db.transaction((tx) =>
    appendAudit(tx, {
      tenant: of,
      actor: 'account:1',
      action: 'thing.done',
      subject,
      detail: { z: 1, a: [null, 'ü'] },
    }),
  );

async function entries(of = tenant, log: 'tenant' | 'installation' = 'tenant'): Promise<AuditEntry[]> {
  const all: AuditEntry[] = [];
  for (let cursor: string | null = '0'; cursor !== null;) {
    const page: Awaited<ReturnType<AuditService['list']>> = await audit.list(of, { log, limit: 2, cursor });
    if (isRefusal(page)) throw new Error(page.code);
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

function check(found: readonly AuditEntry[]): ChainHead | string {
  let head = CHAIN_START;
  for (const entry of found) {
    const next = follow(head, entry);
    if (!next.ok) return next.code;
    head = next.value;
  }
  return head;
}

/** Links until `count` entries are linked: transactions of other databases on this server are waited for too. */
function linked(count: number, of = tenant, log: 'tenant' | 'installation' = 'tenant'): Promise<AuditEntry[]> {
  return vi.waitFor(async () => {
    await audit.link();
    const found = await entries(of, log);
    expect(found).toHaveLength(count);
    return found;
  }, 20_000);
}

describe('the chain', () => {
  it('links what was committed, page by page, and its head is that of the last entry', async () => {
    for (const subject of ['one', 'two', 'three', 'four', 'five']) await write(subject);
    const found = await linked(5);
    expect(found.map(({ subject }) => subject)).toEqual(['one', 'two', 'three', 'four', 'five']);
    const head = await audit.head(tenant, 'tenant');
    expect(check(found)).toEqual({ position: 5, hash: isRefusal(head) ? '' : head.hash });
    await audit.link();
    expect(await entries()).toEqual(found);
  });

  it('waits for a transaction that is still open, and never inserts before what was linked', async () => {
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
    const { promise: written, resolve: wrote } = Promise.withResolvers<void>();
    const late = database.db.transaction(async (tx) => {
      await appendAudit(tx, { tenant, actor: 'account:1', action: 'thing.done', subject: 'late' });
      wrote();
      await mayCommit;
    });
    await written;
    await write('early');
    await audit.link();
    const before = await entries();
    expect(before).toEqual([]);
    commit();
    await late;
    const found = await linked(2);
    expect(found.map(({ subject }) => subject)).toEqual(['late', 'early']);
    expect(check(found)).toMatchObject({ position: 2 });
  });

  it('is made by one appender at a time, however many replicas there are', async () => {
    for (let n = 0; n < 20; n++) await write(String(n));
    const replicas = Array.from({ length: 8 }, () => new AuditService({ db: database.db, log: silentLog }));
    await Promise.all([...replicas, ...replicas].map((replica) => replica.link()));
    expect(check(await linked(20))).toMatchObject({ position: 20 });
  });

  it('shows what somebody who owns the database changed', async () => {
    for (const subject of ['one', 'two', 'three']) await write(subject);
    await linked(3);
    const change = `UPDATE audit_event SET actor = 'nobody' WHERE tenant_id = $1 AND subject = 'two'`;
    const tampering = { name: 'testTamper', text: change, values: [tenant] };
    await expect(database.owner.execute(tampering)).rejects.toThrow('append-only');
    await database.owner.transaction(async (tx) => {
      await tx.execute({ name: 'testOff', text: `SET LOCAL session_replication_role = 'replica'`, values: [] });
      await tx.execute(tampering);
    });
    expect(check(await entries())).toBe('AUDIT_BROKEN');
  });
});

describe('who reads which log', () => {
  it("a tenant reads its own, and the installation's only as the operator", async () => {
    await write('ours');
    await write('installation', '_installation');
    expect((await linked(1)).map(({ subject }) => subject)).toEqual(['ours']);
    for (const refused of [
      await audit.list(tenant, { log: 'installation', limit: 1 }),
      await audit.head(tenant, 'installation'),
    ]) {
      expect(refused).toMatchObject({ code: 'OPERATOR_ONLY' });
    }
    expect(check(await linked(1, 'operator', 'installation'))).toMatchObject({ position: 1 });
    expect(await audit.list(tenant, { log: 'tenant', limit: 1, cursor: '1;2' })).toMatchObject({
      code: 'CURSOR_INVALID',
    });
  });
});
