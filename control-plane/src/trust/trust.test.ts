/** CAs and the gateway's certificate on a real database. */
import { certificatesInPem, createRequest, readCertificate, readRequest } from '@casare/certs';
import { createPrivateKey, randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { createIds } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { createTrust, gatewayHosts, type Trust } from './index.ts';
import { signerForTests } from './testing.ts';

const casOf = sql<{ kind: string; tenant: string | null; n: number }, []>(
  'testCas',
  `SELECT kind, tenant_id AS tenant, count(*)::int AS n FROM certificate_authority GROUP BY 1, 2 ORDER BY 1, 2`,
);
const caAudits = sql<{ n: number }, []>(
  'testCaAudits',
  `SELECT count(*)::int AS n FROM audit_event WHERE action = 'ca.created'`,
);
const sealedKeys = sql<{ sealed: string }, []>(
  'testSealedKeys',
  `SELECT convert_from(sealed_key, 'UTF8') AS sealed FROM certificate_authority`,
);
const leavesOf = sql<{ n: number }, []>('testLeaves', 'SELECT count(*)::int AS n FROM agent_certificate');

let database: TestDatabase;
const clock = new ManualClock('2026-03-01T00:00:00Z');
beforeAll(async () => {
  database = await testDatabase();
  for (const id of ['default', 'other']) {
    await database.db.execute({
      name: 'testTenant',
      text: 'INSERT INTO tenant (id, name) VALUES ($1, $1)',
      values: [id],
    });
  }
});
afterAll(() => database.close());

const masterKey = randomBytes(32);
const hosts = gatewayHosts('0.0.0.0', ['https://Enrol.Example:8442', 'wss://[::1]:8443']);
const trustWith = (key: Uint8Array): Trust =>
  createTrust({
    ...{ db: database.db, clock, ids: createIds(clock), log: silentLog, hosts },
    signer: signerForTests(key, hosts, clock),
  });
const started: Trust[] = [];
beforeEach(async () => {
  for (const trust of started.splice(0)) await trust.stop();
});

async function start(key: Uint8Array = masterKey): Promise<Trust> {
  const trust = trustWith(key);
  started.push(trust);
  await trust.start();
  return trust;
}

describe('trust', () => {
  it('of three replicas that start at once makes each CA once, and all use the same', async () => {
    const replicas = await Promise.all([start(), start(), start()]);
    const cas = await Promise.all(replicas.map(({ authorities }) => authorities.agentCa('default')));
    expect(new Set(cas.map(({ id }) => id)).size).toBe(1);
    await replicas[0].authorities.agentCa('other');
    expect(await database.db.query(casOf())).toEqual([
      { kind: 'agent_ca', tenant: 'default', n: 1 },
      { kind: 'agent_ca', tenant: 'other', n: 1 },
      { kind: 'agent_root', tenant: null, n: 1 },
      { kind: 'server_ca', tenant: null, n: 1 },
      { kind: 'server_root', tenant: null, n: 1 },
    ]);
    expect(await database.db.query(caAudits())).toEqual([{ n: 5 }]);
  });

  it('keeps keys sealed, and does not start with another master key', async () => {
    await start();
    const rows = await database.db.query(sealedKeys());
    expect(rows.every(({ sealed }) => sealed.startsWith('casare-key-v1.'))).toBe(true);
    await expect(start(randomBytes(32))).rejects.toMatchObject({ code: 'CA_KEY_UNUSABLE' });
  });

  it('gives the gateway a certificate for its hosts and renews it at two thirds of its life', async () => {
    const { gateway } = await start();
    const { chainPem, privateKeyPem } = gateway.current;
    const leaf = new X509Certificate(chainPem);
    expect(leaf.subjectAltName).toBe(
      'DNS:enrol.example, IP Address:0:0:0:0:0:0:0:1, IP Address:127.0.0.1, DNS:localhost',
    );
    expect(leaf.checkPrivateKey(createPrivateKey(privateKeyPem))).toBe(true);
    expect(certificatesInPem(chainPem)).toHaveLength(2);
    const renewed: string[] = [];
    gateway.onRenewed((identity) => renewed.push(identity.chainPem));
    clock.advance(59 * 86_400_000);
    await gateway.renewIfDue();
    expect(renewed).toEqual([]);
    clock.advance(2 * 86_400_000);
    await gateway.renewIfDue();
    expect(renewed).toEqual([gateway.current.chainPem]);
    expect(gateway.current.chainPem).not.toBe(chainPem);
  });

  it('leaves no certificate behind when the transaction that issued it is rolled back', async () => {
    const { authorities, leaves } = await start();
    const ca = await authorities.agentCa('default');
    const request = readRequest((await createRequest()).csr);
    if (!request.ok) throw new Error(request.code);
    const { publicKey } = request.value;
    const issuing = database.db.transaction(async (tx) => {
      await leaves.issue(tx, ca, { tenant: 'default', agentId: randomUUID(), publicKey });
    });
    // There is no such agent: the row is refused, and with it everything.
    await expect(issuing).rejects.toThrow(/foreign key/);
    expect(await database.db.query(leavesOf())).toEqual([{ n: 0 }]);
  });

  it('gives each tenant a CA that names it alone', async () => {
    const { authorities } = await start();
    const ca = readCertificate(certificatesInPem((await authorities.agentCa('other')).certificatePem)[0]!);
    if (!ca.ok) throw new Error(ca.code);
    expect(ca.value.nameConstraints?.permittedUriHosts).toEqual(['t-other.casare.internal']);
  });
});
