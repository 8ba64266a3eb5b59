/** Roots at a safe, against a real database: exporting, taking offline, the ceremony, and what the server says meanwhile. */
import { createOfflineRoot, createRequest, readRequest, signAuthority, toPem, type RootFiles } from '@casare/certs';
import type { AuthorityRequest } from '@casare/shared/api';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { createIds } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { INSTALLATION } from './authorities.ts';
import { createTrust, type Trust } from './index.ts';
import { TRUST_DOMAIN } from './signer.ts';
import { signerForTests } from './testing.ts';

const PASSPHRASE = 'correct horse battery';
const operator = { tenant: 'default', actor: 'account:operator' };
const local = { tenant: INSTALLATION, actor: 'local:root' };
const masterKey = randomBytes(32);

const audits = sql<{ action: string; tenant: string }, []>(
  'testAudits',
  `SELECT action, tenant_id AS tenant FROM audit_event WHERE action ~ '^(root|ca[.](requested|imported))' ORDER BY seq`,
);
const cas = sql<{ kind: string; state: string; offline: boolean; below: string | null }, []>(
  'testCas',
  `SELECT c.kind, c.state, c.sealed_key IS NULL AS offline, r.kind AS below
   FROM certificate_authority c LEFT JOIN certificate_authority r ON r.id = c.issuer_id ORDER BY c.created_at, c.id`,
);
const rev = sql<{ rev: number }, []>('testRev', 'SELECT rev FROM trust_state');

let database: TestDatabase;
const started: Trust[] = [];
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(async () => {
  for (const trust of started.splice(0)) await trust.stop();
  await database.close();
});

function makeTrust(): Trust {
  const hosts = ['gateway.test'];
  const base = { db: database.db, clock: systemClock, ids: createIds(systemClock), log: silentLog, hosts };
  return createTrust({ ...base, signer: signerForTests(masterKey, hosts) });
}

async function start(): Promise<Trust> {
  const trust = makeTrust();
  await trust.start();
  started.push(trust);
  return trust;
}

async function addTenant(id: string, isOperator = false): Promise<void> {
  const text = 'INSERT INTO tenant (id, name, operator) VALUES ($1, $1, $2)';
  await database.db.execute({ name: 'testTenant', text, values: [id, isOperator] });
}

function must<T>(outcome: T | Refusal): T {
  if (isRefusal(outcome)) throw new Error(`${outcome.code}: ${outcome.detail ?? outcome.title}`);
  return outcome;
}

/** At the safe: a machine with nothing but the files. */
async function sign(root: RootFiles, { kind, tenant, csrPem }: AuthorityRequest): Promise<string> {
  const how = { root, passphrase: PASSPHRASE, csr: csrPem, kind, tenant, trustDomain: TRUST_DOMAIN, now: new Date() };
  const signed = await signAuthority(how);
  if (!signed.ok) throw new Error(signed.message);
  return signed.value.certificate;
}

async function exportAndRemove(trust: Trust, kind: 'server' | 'agent'): Promise<RootFiles> {
  const files = must(await trust.rootKeys.exportRoot('local:root', { kind }, { masterKey, passphrase: PASSPHRASE }));
  must(await trust.rootKeys.takeOffline('local:root', { kind }, { files, passphrase: PASSPHRASE }));
  return files;
}

describe('a root that is taken offline', () => {
  beforeEach(() => addTenant('default', true));

  it('leaves only when the exported file was shown to open and to hold it', async () => {
    const trust = await start();
    const { rootKeys } = trust;
    const which = { kind: 'agent' } as const;
    const files = must(await rootKeys.exportRoot('local:root', which, { masterKey, passphrase: PASSPHRASE }));
    const other = await rootKeys.exportRoot('local:root', { kind: 'server' }, { masterKey, passphrase: PASSPHRASE });
    const remove = (file: RootFiles, passphrase = PASSPHRASE, dryRun = false) =>
      rootKeys.takeOffline('local:root', which, { files: file, passphrase, dryRun });
    expect(await remove(files, 'not this passphrase')).toMatchObject({ code: 'PASSPHRASE_WRONG' });
    expect(await remove(must(other))).toMatchObject({ code: 'ROOT_KEY_UNUSABLE' });
    expect(await remove(files, PASSPHRASE, true)).toMatchObject({ kind: 'agent' });
    expect((await database.db.query(cas())).every(({ offline }) => !offline)).toBe(true);
    must(await remove(files));
    expect((await database.db.query(cas())).filter(({ offline }) => offline)).toHaveLength(1);
    expect(await remove(files)).toMatchObject({ code: 'ROOT_OFFLINE' });
    const again = await rootKeys.exportRoot('local:root', which, { masterKey, passphrase: PASSPHRASE });
    expect(again).toMatchObject({ code: 'ROOT_OFFLINE' });
    const wrongKey = { masterKey: randomBytes(32), passphrase: PASSPHRASE };
    expect(await rootKeys.exportRoot('local:root', { kind: 'server' }, wrongKey)).toMatchObject({
      code: 'ROOT_KEY_UNUSABLE',
    });
    expect(await database.db.query(audits())).toEqual([
      { action: 'root.exported', tenant: INSTALLATION },
      { action: 'root.exported', tenant: INSTALLATION },
      { action: 'root.takenOffline', tenant: INSTALLATION },
    ]);
  });

  it('is closed in the signer of every replica, and what needs it says so and what to do', async () => {
    const [one, two] = [await start(), await start()];
    const [root] = await Promise.all([two.authorities.agentCa('default'), one.authorities.agentCa('default')]);
    expect(root.offline).toBe(false);
    await addTenant('late');
    const files = await exportAndRemove(one, 'agent');
    await two.views.refresh();
    for (const { signer, authorities } of [one, two]) {
      const roots = await signer.ping();
      // Server root, server CA and the tenant's CA are left.
      expect(roots).toEqual({ ok: true, value: { issuers: 3 } });
      await expect(authorities.agentCa('late')).rejects.toMatchObject({
        code: 'ROOT_OFFLINE',
        message: expect.stringContaining('root csr --kind agent_ca --tenant late') as string,
      });
      // What is there goes on.
      await authorities.agentCa('default');
    }
    const request = must(await one.requests.request(operator, { kind: 'agent_ca', tenant: 'late', dryRun: false }));
    const certificatePem = await sign(files, request);
    const authority = must(await one.requests.import(operator, request.id, { certificatePem, dryRun: false }));
    expect(authority).toMatchObject({
      id: request.id,
      kind: 'agent_ca',
      tenant: 'late',
      state: 'active',
      key: 'server',
    });
    const ca = await two.authorities.agentCa('late');
    expect(ca.id).toBe(request.id);
    const leaf = await signedBy(two, ca.id);
    expect(leaf).toMatchObject({ ok: true });
  });

  it('restarts without it, and a tenant that has a CA is served', async () => {
    const trust = await start();
    await trust.authorities.agentCa('default');
    await exportAndRemove(trust, 'agent');
    await exportAndRemove(trust, 'server');
    const again = await start();
    await again.authorities.agentCa('default');
    await again.gateway.renewIfDue();
  });
});

describe('the ceremony', () => {
  beforeEach(() => addTenant('default', true));

  it('makes a CA that stands by, with the key that never left', async () => {
    const trust = await start();
    const files = await exportAndRemove(trust, 'server');
    const before = (await database.db.query(rev()))[0]!.rev;
    const request = must(await trust.requests.request(operator, { kind: 'server_ca', dryRun: false }));
    expect(must(await trust.requests.list(operator, { limit: 10 })).items).toEqual([request]);
    const certificatePem = await sign(files, request);
    const dry = must(await trust.requests.import(operator, request.id, { certificatePem, dryRun: true }));
    const authority = must(await trust.requests.import(operator, request.id, { certificatePem, dryRun: false }));
    expect(authority).toMatchObject({ id: request.id, kind: 'server_ca', state: 'standby', tenant: null, live: 0 });
    expect(dry).toEqual({ ...authority, createdAt: dry.createdAt });
    expect((await database.db.query(cas())).at(-1)).toEqual({
      ...{ kind: 'server_ca', state: 'standby', offline: false, below: 'server_root' },
    });
    expect((await database.db.query(rev()))[0]!.rev).toBe(before + 2);
    expect(must(await trust.requests.list(operator, { limit: 10 })).items).toEqual([]);
    const repeated = await trust.requests.import(operator, request.id, { certificatePem, dryRun: false });
    expect(repeated).toMatchObject({ code: 'AUTHORITY_REQUEST_NOT_FOUND' });
    expect((await database.db.query(audits())).slice(-2)).toEqual([
      { action: 'ca.requested', tenant: INSTALLATION },
      { action: 'ca.imported', tenant: INSTALLATION },
    ]);
  });

  it('takes nothing but what was signed for this request by a root of ours, and keeps the request', async () => {
    const trust = await start();
    const server = await exportAndRemove(trust, 'server');
    const agent = await exportAndRemove(trust, 'agent');
    const foreign = await createOfflineRoot({ kind: 'server', passphrase: PASSPHRASE, now: new Date() });
    if (!foreign.ok) throw new Error(foreign.message);
    const request = must(await trust.requests.request(operator, { kind: 'server_ca', dryRun: false }));
    const other = { ...request, csrPem: toPem('CERTIFICATE REQUEST', (await createRequest()).csr) };
    const attempts = [
      await sign(foreign.value, request),
      await sign(server, other),
      await sign(agent, { ...request, kind: 'agent_ca', tenant: 'default' }),
      server.certificate,
      'nothing',
    ];
    for (const certificatePem of attempts) {
      const refused = await trust.requests.import(operator, request.id, { certificatePem, dryRun: false });
      expect(refused).toMatchObject({ refused: 'unprocessable', code: 'AUTHORITY_CERTIFICATE_REFUSED' });
    }
    const certificatePem = await sign(server, request);
    must(await trust.requests.import(operator, request.id, { certificatePem, dryRun: false }));
  });

  it("belongs to the operator's tenant, and says so to others", async () => {
    const trust = await start();
    await addTenant('other');
    const other = { tenant: 'other', actor: 'account:x' };
    const id = crypto.randomUUID();
    const denied = { refused: 'denied', code: 'OPERATOR_ONLY' };
    expect(await trust.requests.request(other, { kind: 'agent_ca', dryRun: false })).toMatchObject(denied);
    expect(await trust.requests.import(other, id, { certificatePem: '', dryRun: false })).toMatchObject(denied);
    expect(await trust.requests.list(other, { limit: 10 })).toMatchObject(denied);
    const nobody = await trust.requests.request(operator, { kind: 'agent_ca', tenant: 'nobody', dryRun: false });
    expect(nobody).toMatchObject({ code: 'TENANT_NOT_FOUND' });
    const stale = await trust.requests.request(operator, { kind: 'agent_ca', ifRev: 999, dryRun: false });
    expect(stale).toMatchObject({ code: 'TRUST_CHANGED' });
    expect(must(await trust.requests.request(operator, { kind: 'agent_ca', dryRun: false })).tenant).toBe('default');
  });
});

describe('an installation whose roots were never here', () => {
  it('starts once its server CA was signed at the safe', async () => {
    const made = async (kind: 'server' | 'agent') => {
      const root = await createOfflineRoot({ kind, passphrase: PASSPHRASE, now: new Date() });
      if (!root.ok) throw new Error(root.message);
      return root.value;
    };
    const [server, agent] = [await made('server'), await made('agent')];
    const trust = makeTrust();
    const take = (kind: 'server' | 'agent', certificatePem: string) =>
      trust.rootKeys.importRoot('local:root', kind, { certificatePem });
    expect(await take('agent', server.certificate)).toMatchObject({ code: 'ROOT_REFUSED' });
    must(await take('server', server.certificate));
    must(await take('agent', agent.certificate));
    expect(await take('server', server.certificate)).toMatchObject({ code: 'ROOT_EXISTS' });
    await expect(start()).rejects.toMatchObject({ code: 'ROOT_OFFLINE' });
    const request = must(await trust.requests.request(local, { kind: 'server_ca', dryRun: false }));
    const certificatePem = await sign(server, request);
    const ca = must(await trust.requests.import(local, request.id, { certificatePem, dryRun: false }));
    expect(ca.state).toBe('active');
    const running = await start();
    expect(running.gateway.current.chainPem).toContain(ca.certificatePem);
    expect(await database.db.query(cas())).toEqual([
      { kind: 'server_root', state: 'active', offline: true, below: null },
      { kind: 'agent_root', state: 'active', offline: true, below: null },
      { kind: 'server_ca', state: 'active', offline: false, below: 'server_root' },
    ]);
  });
});

async function signedBy({ signer }: Trust, issuer: string) {
  const request = readRequest((await createRequest()).csr);
  if (!request.ok) throw new Error(request.message);
  const publicKey = Buffer.from(request.value.publicKey).toString('base64');
  return signer.signAgentLeaf({ issuer, publicKey, agentId: crypto.randomUUID() });
}
