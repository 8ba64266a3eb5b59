/** The watch over what ends, on a real database: each warning once, by one of several replicas, on record and in the log. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { createLog } from '../platform/log.ts';
import { Metrics } from '../platform/metrics.ts';
import { ExpiryWatch } from './expiry-watch.ts';
import { measureTrust } from './trust-metrics.ts';

const DAY = 86_400_000;
const start = new Date('2026-03-01T00:00:00Z');
const addTenants = sql(
  'testExpiryTenants',
  `INSERT INTO tenant (id, name, operator, renew_after_expiry_days) VALUES ('default', 'd', true, 30), ('other', 'o', false, 0)`,
);
const addCa = sql<never, [id: string, kind: string, tenant: string | null, key: string, ends: Date]>(
  'testExpiryCa',
  `INSERT INTO certificate_authority (id, kind, tenant_id, key_id, certificate_pem, not_after, sealed_key)
   VALUES ($1, $2, $3, $4, 'x', $5, 'x')`,
);
const addAgent = sql<never, [tenant: string, id: string, key: string]>(
  'testExpiryAgent',
  `INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest) VALUES ($1, $2, 'one', 'active', 'x', $3)`,
);
const addLeaf = sql<never, [tenant: string, serial: string, agent: string, ca: string, made: Date, ends: Date]>(
  'testExpiryLeaf',
  `INSERT INTO agent_certificate (tenant_id, serial, agent_id, ca_id, state, certificate_pem, created_at, not_after)
   VALUES ($1, $2, $3, $4, 'current', 'x', $5, $6)`,
);
const addGateway = sql<never, [id: string]>('testExpiryGateway', 'INSERT INTO gateway (id) VALUES ($1)');
const addSession = sql<never, [tenant: string, agent: string, gateway: string]>(
  'testExpirySession',
  `INSERT INTO agent_session (tenant_id, agent_id, session_id, gateway_id, instance, epoch)
   VALUES ($1, $2, gen_random_uuid(), $3, gen_random_uuid(), 1)`,
);
const warnings = sql<{ subject: string; days: number }, []>(
  'testExpiryWarnings',
  'SELECT subject, days FROM expiry_warning ORDER BY warned_at, subject, days',
);
const audited = sql<{ tenant: string; action: string; subject: string }, []>(
  'testExpiryAudit',
  `SELECT tenant_id AS tenant, action, subject FROM audit_event WHERE action LIKE 'certificate.expir%' ORDER BY seq`,
);
const told = sql<{ tenant: string; subject: string }, []>(
  'testExpiryLive',
  `SELECT tenant_id AS tenant, body->>'subject' AS subject FROM live_event ORDER BY id`,
);

let database: TestDatabase;
let clock: ManualClock;
let lines: string[];
const ids = { serverCa: randomUUID(), agentCa: randomUUID(), otherCa: randomUUID() };
beforeAll(async () => {
  database = await testDatabase();
  const { db } = database;
  await db.execute(addTenants());
  await db.execute(addCa(ids.serverCa, 'server_ca', null, 'k1', new Date(start.getTime() + 31 * DAY)));
  await db.execute(addCa(ids.agentCa, 'agent_ca', 'default', 'k2', new Date(start.getTime() + 300 * DAY)));
  await db.execute(addCa(ids.otherCa, 'agent_ca', 'other', 'k3', new Date(start.getTime() + 300 * DAY)));
});
beforeEach(async () => {
  clock = new ManualClock(start);
  lines = [];
  await database.db.transaction((tx) => tx.script('DELETE FROM expiry_warning; DELETE FROM live_event'));
});
afterAll(() => database.close());

const watchWith = (webEnds: Date | null = null) =>
  new ExpiryWatch({
    ...{ db: database.db, clock, gatewayChain: () => null, webEnds: () => webEnds, onWarned: () => undefined },
    log: createLog({ level: 'debug', name: 'test', destination: { write: (line) => void lines.push(line) } }),
  });

async function agent(tenant: string, ca: string, leftMs: number, connected: boolean): Promise<string> {
  const id = randomUUID();
  const { db } = database;
  const ends = new Date(start.getTime() + leftMs);
  await db.execute(addAgent(tenant, id, id));
  await db.execute(addLeaf(tenant, id.slice(0, 8), id, ca, new Date(ends.getTime() - DAY), ends));
  const gateway = randomUUID();
  if (connected) {
    await db.execute(addGateway(gateway));
    await db.execute(addSession(tenant, id, gateway));
  }
  return id;
}

describe('the watch over what ends', () => {
  it('warns of a CA at each age once, whoever looks, and when it has ended', async () => {
    const replicas = [watchWith(), watchWith()];
    const turn = async () => {
      await Promise.all(replicas.map((replica) => replica.look()));
      return (await database.db.query(warnings())).map(({ days }) => days);
    };
    const before = (await database.db.query(audited())).length;
    expect(await turn()).toEqual([90]);
    expect(await turn()).toEqual([90]);
    clock.advance(2 * DAY);
    expect(await turn()).toEqual([90, 30]);
    clock.advance(28.5 * DAY);
    expect(await turn()).toEqual([90, 30, 1]);
    clock.advance(DAY);
    expect(await turn()).toEqual([90, 30, 1, 0]);
    expect(await turn()).toEqual([90, 30, 1, 0]);
    const subject = `server_ca:${ids.serverCa}`;
    const entries = (await database.db.query(audited())).slice(before);
    expect(entries).toEqual([
      ...[90, 30, 1].map(() => ({ tenant: '_installation', action: 'certificate.expiring', subject })),
      { tenant: '_installation', action: 'certificate.expired', subject },
    ]);
    expect(await database.db.query(told())).toEqual(entries.map(() => ({ tenant: 'default', subject })));
    const logged = lines.map((line) => JSON.parse(line) as { code: string; next: string });
    expect(logged.map(({ code }) => code)).toEqual([
      ...['CERTIFICATE_ENDS', 'CERTIFICATE_ENDS', 'CERTIFICATE_ENDS', 'CERTIFICATE_ENDED'],
    ]);
    expect(logged[0]?.next).toBe('casare-certs rotate start server_ca');
  });

  it('warns of an agent that is late, not of one that is away and may renew when it comes back', async () => {
    const late = await agent('default', ids.agentCa, DAY / 4, true);
    const away = await agent('default', ids.agentCa, DAY / 4, false);
    const fresh = await agent('default', ids.agentCa, DAY / 2, true);
    const lost = await agent('other', ids.otherCa, DAY / 4, false);
    const watch = watchWith();
    await watch.look();
    const subjects = (await database.db.query(warnings())).map(({ subject }) => subject);
    expect(subjects.filter((subject) => subject.startsWith('agent:')).toSorted()).toEqual(
      [`agent:${late}`, `agent:${lost}`].toSorted(),
    );
    const events = await database.db.query(told());
    expect(events).toContainEqual({ tenant: 'other', subject: `agent:${lost}` });
    const mine = await watch.list({ tenant: 'default', operator: true }, DAY, 10);
    expect(mine.map(({ id }) => id)).toEqual([late]);
    expect(await watch.list({ tenant: 'other', operator: false }, 40 * DAY, 10)).toMatchObject([{ id: lost }]);
    // When its time to come back runs out, it is warned of after all.
    clock.advance(30 * DAY);
    await watch.look();
    const later = (await database.db.query(warnings())).map(({ subject }) => subject);
    expect(later).toContain(`agent:${away}`);
    expect(later).not.toContain(`agent:${fresh}`);
  });

  it('measures the earliest end of each kind, and the web certificate when it is told of it', async () => {
    const watch = watchWith(new Date(start.getTime() + 5 * DAY));
    const metrics = new Metrics();
    measureTrust(metrics, { clock, expiry: watch, rev: () => 7, locks: () => 3 });
    await watch.look();
    const text = await metrics.registry.metrics();
    expect(text).toContain(`casare_certificate_expiry_seconds{subject="server_ca"} ${31 * 86_400}\n`);
    expect(text).toContain(`casare_certificate_expiry_seconds{subject="agent_ca"} ${300 * 86_400}\n`);
    expect(text).toContain(`casare_certificate_expiry_seconds{subject="web"} ${5 * 86_400}\n`);
    expect(text).toContain(`casare_certificate_expiry_seconds{subject="agent"} ${86_400 / 4}\n`);
    expect(text).toMatch(/^casare_trust_rev 7$/m);
    expect(text).toMatch(/^casare_trust_locks 3$/m);
    const subjects = (await database.db.query(warnings())).map(({ subject, days }) => `${subject} ${days}`);
    expect(subjects).toContain('web:web 7');
  });
});
