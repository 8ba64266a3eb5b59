/** `POST /enrol/renew` over the real listener: who comes back by the key of an old certificate, and who does not. */
import {
  certificatesInPem,
  createRequest,
  readCertificate,
  signEnrolProof,
  signRenewProof,
  toPem,
  type NewRequest,
} from '@casare/certs';
import { EnrolNonce, RenewReply, type RenewRequest } from '@casare/shared/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { by, connect, dial, openScene, post, TENANT, type Scene, type TestIdentity } from './testing.ts';
import { enrolEarlier } from './testing-past.ts';

const DAY = 86_400_000;
const certificates = sql<{ state: string; generation: number }, [agent: string]>(
  'testCertificates',
  'SELECT state, generation FROM agent_certificate WHERE agent_id = $1 ORDER BY generation',
);
const audits = sql<{ action: string }, [agent: string]>(
  'testAudits',
  `SELECT action FROM audit_event WHERE subject = 'agent:' || $1 OR detail ->> 'agentId' = $1 ORDER BY seq`,
);
const setGrace = sql<never, [days: number]>('testGrace', 'UPDATE tenant SET renew_after_expiry_days = $1');
const setCertificate = sql<never, [agent: string, state: string]>(
  'testSetCertificate',
  'UPDATE agent_certificate SET state = $2 WHERE agent_id = $1',
);
const setCa = sql<never, [state: string]>(
  'testSetCa',
  `UPDATE certificate_authority SET state = $1 WHERE kind = 'agent_ca' AND state <> 'retired'`,
);
let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

const db = () => scene.harness.database.db;
const leafOf = (identity: TestIdentity) => certificatesInPem(identity.chainPem)[0]!;
const serialOf = (identity: TestIdentity) => {
  const read = readCertificate(leafOf(identity));
  if (!read.ok) throw new Error(read.code);
  return read.value.serial;
};
const weekend = (wanted: object = {}) => enrolEarlier(scene, 3 * DAY, wanted);

async function request(identity: TestIdentity, key?: NewRequest): Promise<{ key: NewRequest; body: RenewRequest }> {
  const made = key ?? (await createRequest());
  const { nonce } = EnrolNonce.parse((await post(scene, '/enrol/nonce', {})).body);
  return {
    key: made,
    body: {
      certificate: toPem('CERTIFICATE', leafOf(identity)),
      nonce,
      csr: Buffer.from(made.csr).toString('base64'),
      proof: signEnrolProof(made.privateKeyPem, nonce, made.csr),
      oldProof: signRenewProof(identity.privateKeyPem, nonce, made.csr),
    },
  };
}

/** Renews; the status and code of a refusal, or the identity that follows. */
async function renew(identity: TestIdentity, key?: NewRequest): Promise<TestIdentity | string> {
  const { key: made, body } = await request(identity, key);
  const answer = await post(scene, '/enrol/renew', body);
  if (answer.status !== 200) return `${answer.status} ${(answer.body as { code: string }).code}`;
  const reply = RenewReply.parse(answer.body);
  return { ...identity, privateKeyPem: made.privateKeyPem, chainPem: reply.certificateChain };
}

async function renewed(identity: TestIdentity, key?: NewRequest): Promise<TestIdentity> {
  const next = await renew(identity, key);
  if (typeof next === 'string') throw new Error(next);
  return next;
}

describe('an agent whose certificate ended three days ago', () => {
  it('is not taken by the tunnel, gets the next certificate by its old key, and is taken', async () => {
    const old = await weekend();
    expect(await dial(scene, old).opened).toBe(false);
    const next = await renewed(old);
    expect(await db().query(certificates(old.agentId))).toEqual([
      { state: 'current', generation: 1 },
      { state: 'pending', generation: 2 },
    ]);
    await (await connect(scene, next)).close();
    const done = (await db().query(audits(old.agentId))).map(({ action }) => action);
    expect(done.filter((action) => action === 'certificate.issued')).toHaveLength(2);
  });

  it('gets the same certificate when it asks again with the same key, also when both come at once', async () => {
    const old = await weekend();
    const key = await createRequest();
    const [first, second] = await Promise.all([renewed(old, key), renewed(old, key)]);
    expect(second.chainPem).toBe(first.chainPem);
    expect((await renewed(old, key)).chainPem).toBe(first.chainPem);
    expect(await db().query(certificates(old.agentId))).toHaveLength(2);
  });

  it('renews from a certificate that it never used, too: its first use was the signature', async () => {
    const old = await weekend();
    await db().execute(setCertificate(old.agentId, 'pending'));
    const key = await createRequest();
    const next = await renewed(old, key);
    expect((await renewed(old, key)).chainPem).toBe(next.chainPem);
    expect(await db().query(certificates(old.agentId))).toMatchObject([{ state: 'current' }, { state: 'pending' }]);
  });

  it('waits for no approval that it did not have, and keeps its state', async () => {
    const old = await weekend({ autoApprove: false });
    await renewed(old);
    expect(await scene.fleet.agents.get(TENANT, old.agentId)).toMatchObject({ state: 'pending' });
  });
});

describe('the tenant says for how long', () => {
  it.each([
    [30, 29, 'renewed'],
    [30, 31, '403 RENEW_TOO_LATE'],
    [0, 1.5, '403 RENEW_TOO_LATE'],
    [1, 1.5, 'renewed'],
  ])('%i days; enrolled %d days ago: %s', async (grace, ago, expected) => {
    await db().execute(setGrace(grace));
    try {
      const next = await renew(await enrolEarlier(scene, ago * DAY));
      expect(typeof next === 'string' ? next : 'renewed').toBe(expected);
    } finally {
      await db().execute(setGrace(30));
    }
  });
});

it('a certificate whose CA was retired is followed by one of the CA that signs now; a good one is not due', async () => {
  const fresh = await scene.agent();
  expect(await renew(fresh)).toBe('409 RENEW_NOT_DUE');
  await db().execute(setCa('retired'));
  expect(await dial(scene, fresh).opened.then(async (opened) => opened && connect(scene, fresh).catch(String))).toMatch(
    /4411/,
  );
  const next = await renewed(fresh);
  await (await connect(scene, next)).close();
});

describe('one answer to everything that is not a good certificate of ours', () => {
  const opaque = async (identity: TestIdentity, change: (body: RenewRequest) => Partial<RenewRequest>) => {
    const { body } = await request(identity);
    const answer = await post(scene, '/enrol/renew', { ...body, ...change(body) });
    return JSON.stringify({ status: answer.status, ...(answer.body as object), instance: null });
  };

  it('to all who cannot prove its key, whatever stands behind it, and to certificates that are none', async () => {
    const [good, locked, other] = [await weekend(), await weekend(), await weekend()];
    const [revoked, decommissioned, late] = [await weekend(), await weekend(), await enrolEarlier(scene, 40 * DAY)];
    await scene.fleet.agents.act(by, locked.agentId, 'lock');
    await scene.fleet.agents.act(by, decommissioned.agentId, 'decommission');
    await db().execute(setCertificate(revoked.agentId, 'revoked'));
    const foreign = (identity: TestIdentity) => ({
      ...identity,
      privateKeyPem: other.privateKeyPem,
    });
    const flipped = Buffer.from(leafOf(good));
    flipped[flipped.length - 5]! ^= 1;
    const pem = (der: Uint8Array) => () => ({ certificate: toPem('CERTIFICATE', der) });
    const nested = Buffer.from(Array.from({ length: 2_000 }, () => [0x30, 0x80]).flat());
    const same = () => ({});
    const ca = (await scene.trust.authorities.agentCa(TENANT)).certificatePem;
    const answers = [
      await opaque(foreign(good), same),
      await opaque(foreign(locked), same),
      await opaque(foreign(late), same),
      await opaque(revoked, same),
      await opaque(decommissioned, same),
      await opaque(good, pem(flipped)),
      await opaque(good, pem(nested)),
      await opaque(good, pem(Buffer.from('3003020100', 'hex'))),
      await opaque(good, pem(Buffer.alloc(0))),
      await opaque(good, () => ({ certificate: 'nonsense' })),
      await opaque(good, () => ({ certificate: ca })),
      await opaque(good, () => ({ certificate: good.rootPem })),
      await opaque(good, () => ({ oldProof: Buffer.alloc(64).toString('base64') })),
      // A proof of enrolment by the old key is no proof of renewal.
      await opaque(good, ({ nonce, csr }) => ({
        oldProof: signEnrolProof(good.privateKeyPem, nonce, Buffer.from(csr, 'base64')),
      })),
    ];
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('"code":"RENEW_DENIED"');
    // The controls: the same agents, where the cause is away.
    await renewed(good);
    expect([await renew(locked), await renew(late)]).toEqual(['403 AGENT_LOCKED', '403 RENEW_TOO_LATE']);
  });

  it('and what is not exactly such a request is malformed, and harms nothing', async () => {
    const old = await weekend();
    const flip = (csr: string) => {
      const bytes = Buffer.from(csr, 'base64');
      bytes[bytes.length - 5]! ^= 1;
      return bytes.toString('base64');
    };
    const cases: [(body: RenewRequest) => object, string][] = [
      [() => ({ agentId: old.agentId }), 'REQUEST_INVALID'],
      [() => ({ oldProof: null }), 'REQUEST_INVALID'],
      [() => ({ certificate: 'x'.repeat(20_000) }), 'REQUEST_INVALID'],
      [({ csr }) => ({ csr: flip(csr) }), 'CSR_'],
      [() => ({ csr: Buffer.from('3003020100', 'hex').toString('base64') }), 'CSR_MALFORMED'],
      [() => ({ proof: Buffer.alloc(64).toString('base64') }), 'ENROL_PROOF_INVALID'],
      [({ nonce }) => ({ nonce: nonce.replace(/^./, 'z') }), 'ENROL_NONCE_INVALID'],
    ];
    for (const [change, code] of cases) {
      const { body } = await request(old);
      const answer = await post(scene, '/enrol/renew', { ...body, ...change(body) });
      expect([answer.status, (answer.body as { code: string }).code]).toEqual([400, expect.stringContaining(code)]);
    }
    const { body } = await request(old);
    expect((await post(scene, '/enrol/renew', body)).status).toBe(200);
    // A request that was recorded is worth nothing again.
    expect((await post(scene, '/enrol/renew', body)).body).toMatchObject({ code: 'ENROL_NONCE_INVALID' });
  });
});

describe('a lock', () => {
  it.each(['agent', 'serial', 'tenant', 'ca'] as const)(
    'on %s is told to the holder of the key, and ends with it',
    async (kind) => {
      const old = await weekend();
      const ca = await scene.trust.authorities.agentCa(TENANT);
      const target = { agent: old.agentId, serial: serialOf(old), tenant: TENANT, ca: ca.id }[kind];
      const lock = await scene.trust.locks.create(by, { kind, target, reason: 'test', dryRun: false });
      if (isRefusal(lock)) throw new Error(lock.code);
      expect(await renew(old)).toBe('403 AGENT_LOCKED');
      await scene.trust.locks.lift(by, lock.id, { dryRun: false });
      await renewed(old);
    },
  );
});

describe('a second holder', () => {
  it('that comes with a superseded certificate locks the agent, audited; who asks again does not', async () => {
    const old = await weekend();
    const key = await createRequest();
    const next = await renewed(old, key);
    // The first use of the next one makes the one before it void.
    await scene.trust.renewals.use({ tenant: TENANT, agentId: old.agentId, serial: serialOf(next) });
    // The lost answer, asked for again by who holds the new key, is no second holder.
    expect((await renewed(old, key)).chainPem).toBe(next.chainPem);
    expect(await scene.fleet.agents.get(TENANT, old.agentId)).toMatchObject({ state: 'active' });
    expect(await renew(old)).toBe('403 AGENT_LOCKED');
    expect(await scene.fleet.agents.get(TENANT, old.agentId)).toMatchObject({ state: 'locked' });
    expect((await db().query(audits(old.agentId))).map(({ action }) => action)).toContain('agent.cloned');
    await expect(connect(scene, next)).rejects.toThrow(/4423/);
  });

  it('one of 20 requests at once with different keys is the next; each of them is of this one agent', async () => {
    const old = await weekend();
    const answers = await Promise.all(Array.from({ length: 20 }, () => renew(old)));
    const given = answers.filter((answer) => typeof answer !== 'string');
    expect(given.length).toBeGreaterThan(0);
    const states = (await db().query(certificates(old.agentId))).map(({ state }) => state);
    expect(states.filter((state) => state === 'pending')).toHaveLength(1);
    expect(states.filter((state) => state === 'current')).toHaveLength(1);
  });
});
