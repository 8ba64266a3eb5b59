/** The chain of the audit log on a real database: whole, in an order that never changes, and by one appender at a time. */
import {
  CHAIN_START,
  createLocalSigner,
  createRateLimit,
  follow,
  verifyCheckpoint,
  type ChainHead,
} from '@casare/certs';
import type { AuditEntry } from '@casare/shared/api';
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { silentLog } from '../platform/log.ts';
import { isRefusal } from '../platform/refusal.ts';
import { appendAudit, AuditService, type AuditOptions } from './index.ts';

const addTenant = sql<never, [id: string, operator: boolean]>(
  'testAuditTenant',
  `INSERT INTO tenant (id, name, operator) VALUES ($1, $1, $2)`,
);

const clock = { now: () => new Date() };
const signer = createLocalSigner({
  ...{ masterKey: randomBytes(32), trustDomain: 'casare.internal', gatewayHosts: [], ...clock },
  rateLimit: createRateLimit({ perMinute: 600, burst: 600, ...clock }),
});
const sign: AuditOptions['sign'] = (of) => signer.signCheckpoint(of);

let database: TestDatabase;
let audit: AuditService;
let tenant: string;
let count = 0;
beforeAll(async () => {
  database = await testDatabase();
  audit = new AuditService({ db: database.db, log: silentLog, sign });
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

  it('goes by the number of a transaction, of however many digits', async () => {
    const text = `INSERT INTO audit_event (tenant_id, actor, action, subject, xid) VALUES ($1, 'a', 'b', 'ten', '10'), ($1, 'a', 'b', 'nine', '9')`;
    await database.owner.execute({ name: 'testDigits', text, values: [tenant], idempotent: false });
    await audit.link();
    await audit.link();
    expect((await entries()).map(({ subject }) => subject)).toEqual(['nine', 'ten']);
  });

  it('is made by one appender at a time, however many replicas there are', async () => {
    for (let n = 0; n < 20; n++) await write(String(n));
    const replicas = Array.from({ length: 8 }, () => new AuditService({ db: database.db, log: silentLog, sign }));
    await Promise.all([...replicas, ...replicas].map((replica) => replica.link()));
    expect(check(await linked(20))).toMatchObject({ position: 20 });
  });

  it('shows a row that somebody who owns the database changed, removed, inserted or put elsewhere, and the end they cut off', async () => {
    const swap = `UPDATE audit_link SET seq = CASE position WHEN 2 THEN (SELECT seq FROM audit_link WHERE tenant_id = $1 AND position = 3)
      ELSE (SELECT seq FROM audit_link WHERE tenant_id = $1 AND position = 2) END WHERE tenant_id = $1 AND position IN (2, 3)`;
    const ways: readonly [how: string, text: string, found: string][] = [
      ['changed', `UPDATE audit_event SET actor = 'nobody' WHERE tenant_id = $1 AND subject = 'two'`, 'AUDIT_BROKEN'],
      ['removed', `DELETE FROM audit_link WHERE tenant_id = $1 AND position = 2`, 'AUDIT_GAP'],
      [
        'put in the place of another one',
        `UPDATE audit_link SET (seq, hash) = (SELECT l.seq, l.hash FROM audit_link l
           WHERE l.tenant_id = $1 AND l.position = 3) WHERE tenant_id = $1 AND position = 2`,
        'AUDIT_BROKEN',
      ],
      [
        'inserted',
        `WITH made AS (INSERT INTO audit_event (tenant_id, actor, action, subject) VALUES ($1, 'account:1', 'thing.done', 'more') RETURNING seq),
           moved AS (INSERT INTO audit_link SELECT tenant_id, 5, seq, hash FROM audit_link WHERE tenant_id = $1 AND position = 4)
         UPDATE audit_link l SET seq = CASE l.position WHEN 3 THEN made.seq ELSE third.seq END,
           hash = CASE l.position WHEN 3 THEN decode(repeat('ab', 32), 'hex') ELSE third.hash END
         FROM made, (SELECT seq, hash FROM audit_link WHERE tenant_id = $1 AND position = 3) third
         WHERE l.tenant_id = $1 AND l.position IN (3, 4)`,
        'AUDIT_BROKEN',
      ],
      ['put in another order', swap, 'AUDIT_BROKEN'],
    ];
    for (const [how, text, found] of ways) {
      tenant = `${how.replaceAll(/\W/g, '')}${++count}`;
      await database.db.execute(addTenant(tenant, false));
      for (const subject of ['one', 'two', 'three', 'four']) await write(subject);
      await linked(4);
      const tampering = { name: `testTamper${count}`, text, values: [tenant], idempotent: false };
      await expect(
        database.db.transaction((tx) => tx.execute(tampering)),
        how,
      ).rejects.toThrow(/append-only|denied/);
      await tamper(tampering);
      expect(check(await entries()), how).toBe(found);
    }
    // An end that was cut off is whole in itself: its head, and any checkpoint, say that there was more.
    tenant = `cut${++count}`;
    await database.db.execute(addTenant(tenant, false));
    for (const subject of ['one', 'two', 'three']) await write(subject);
    await linked(3);
    await audit.makeCheckpoints();
    const held = await audit.checkpoints(tenant, { log: 'tenant', limit: 10 });
    await tamper({
      ...{ name: 'testCut', values: [tenant], idempotent: false },
      text: `WITH gone AS (DELETE FROM audit_link WHERE tenant_id = $1 AND position = 3), head AS (
          UPDATE audit_head SET position = 2, hash = (SELECT hash FROM audit_link WHERE tenant_id = $1 AND position = 2) WHERE tenant_id = $1)
        DELETE FROM audit_checkpoint WHERE tenant_id = $1`,
    });
    const end = check(await entries()) as ChainHead;
    expect(end).toMatchObject({ position: 2 });
    expect(isRefusal(held) ? [] : held.items).toMatchObject([{ log: tenant, position: 3 }]);
    // And the signer signs no step back.
    await expect(audit.checkpoint(tenant, 'tenant')).rejects.toMatchObject({ code: 'SIGNER_CHECKPOINT_REFUSED' });
  });
});

async function tamper(statement: { name: string; text: string; values: string[]; idempotent: boolean }): Promise<void> {
  await database.owner.transaction(async (tx) => {
    await tx.execute({
      name: 'testOff',
      text: `SET LOCAL session_replication_role = 'replica'`,
      values: [],
      idempotent: false,
    });
    await tx.execute(statement);
  });
}

describe('checkpoints and exports', () => {
  it('the signer says where a log is: at once when asked, and for all that grew by themselves, once', async () => {
    for (const subject of ['one', 'two']) await write(subject);
    const found = await linked(2);
    const at = await audit.checkpoint(tenant, 'tenant');
    if (isRefusal(at)) throw new Error(at.code);
    expect(verifyCheckpoint(at)).toEqual({ ok: true, value: { position: 2, hash: found[1]!.hash } });
    await audit.makeCheckpoints();
    await write('three');
    await linked(3);
    // The last one is less than an hour old.
    await Promise.all([audit.makeCheckpoints(), audit.makeCheckpoints()]);
    const kept = await audit.checkpoints(tenant, { log: 'tenant', limit: 10 });
    expect(isRefusal(kept) ? kept : kept.items).toMatchObject([{ position: 2, hash: found[1]!.hash, log: tenant }]);
    for (const wrong of [
      await audit.checkpoint(tenant, 'installation'),
      await audit.checkpoints(tenant, { log: 'installation', limit: 1 }),
    ]) {
      expect(wrong).toMatchObject({ code: 'OPERATOR_ONLY' });
    }
  });

  it('an export has every entry, as it is or as a CloudEvent, and those of a time alone', async () => {
    for (let n = 0; n < 501; n++) await write(String(n));
    const found = await linked(501);
    const lines = async (query: Partial<Parameters<AuditService['export']>[1]>): Promise<Record<string, unknown>[]> => {
      const sent = await audit.export(tenant, { log: 'tenant', format: 'jsonl', ...query });
      if (isRefusal(sent)) throw new Error(sent.code);
      return (await text(sent.stream))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    };
    expect(await lines({})).toEqual(found);
    const events = await lines({ format: 'cloudevents' });
    expect(events.map(({ data }) => data)).toEqual(found);
    expect(events[500]).toMatchObject({
      ...{ specversion: '1.0', id: `${tenant}/501`, type: 'io.casare.audit.thing.done', subject: '500' },
      ...{ source: `urn:casare:audit:${tenant}`, datacontenttype: 'application/json', time: found[500]!.at },
    });
    const since = found[300]!.at;
    expect(await lines({ since })).toEqual(found.filter((entry) => entry.at >= since));
    expect(await lines({ until: since })).toEqual(found.filter((entry) => entry.at < since));
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
