/** Enrolment over the real listener, and the attacks on it that must fail (security tests 1 to 9). */
import { createRequest, parseJoinToken, readCertificate, certificatesInPem, signEnrolProof } from '@casare/certs';
import { JoinTokenRequest } from '@casare/shared/api';
import { EnrolNonce } from '@casare/shared/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { AddressLimit } from './address-limit.ts';
import { EnrolNonces, NONCE_MS } from './enrol-nonces.ts';
import { by, enrol, enrolRequest, openScene, post, type Scene } from './testing.ts';

const countAgents = sql<{ n: number; certificates: number }, [token: string]>(
  'testCountAgents',
  `SELECT count(*)::int AS n, (SELECT count(*)::int FROM agent_certificate c JOIN agent b ON b.id = c.agent_id
     WHERE b.join_token_id = $1) AS certificates FROM agent WHERE join_token_id = $1`,
);
const everything = sql<{ row: string }, []>(
  'testEverything',
  `SELECT row_to_json(a)::text AS row FROM audit_event a UNION ALL SELECT row_to_json(a)::text FROM agent a
   UNION ALL SELECT row_to_json(t)::text FROM join_token t UNION ALL SELECT row_to_json(l)::text FROM live_event l`,
);
const auditOf = sql<{ action: string }, [subject: string]>(
  'testAuditOf',
  'SELECT action FROM audit_event WHERE subject = $1 ORDER BY seq',
);

const refusedUses = sql<{ detail: unknown }, [subject: string]>(
  'testRefusedUses',
  `SELECT detail FROM audit_event WHERE subject = $1 AND action = 'joinToken.refused'`,
);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

const idOf = (token: string): string => {
  const parsed = parseJoinToken(token);
  return parsed.ok ? parsed.value.id : '';
};

describe('enrolment', () => {
  it('turns a token into an agent with a certificate of its tenant, all of it on record', async () => {
    const identity = await scene.agent({ autoApprove: false, tags: ['line=7'] });
    expect(identity.reply).toMatchObject({ tenant: 'default', state: 'pending' });
    expect(identity.reply.tunnelUrl).toBe(`wss://127.0.0.1:${scene.ports.tunnel}/tunnel`);
    const leaf = readCertificate(certificatesInPem(identity.chainPem)[0]!);
    if (!leaf.ok) throw new Error(leaf.code);
    expect(leaf.value.names).toEqual([
      { type: 'uri', value: `spiffe://t-default.casare.internal/agent/${identity.agentId}` },
    ]);
    expect(await scene.fleet.agents.get('default', identity.agentId)).toMatchObject({
      ...{ name: 'test agent', state: 'pending', grants: ['line=7'], declared: ['team=blue'], connected: false },
      certificate: { serial: leaf.value.serial },
    });
    const { db } = scene.harness.database;
    expect(await db.query(auditOf(`agent:${identity.agentId}`))).toEqual([{ action: 'agent.enrolled' }]);
    expect(await db.query(auditOf(`certificate:${leaf.value.serial}`))).toEqual([{ action: 'certificate.issued' }]);
  });

  it('of 50 redemptions of one token at once gives one identity', async () => {
    const token = await scene.token();
    const requests = await Promise.all(Array.from({ length: 50 }, () => enrolRequest(scene, token)));
    const answers = await Promise.all(requests.map(({ body }) => post(scene, '/enrol', body)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([403]));
    const counted = await scene.harness.database.db.query(countAgents(idOf(token)));
    expect(counted).toEqual([{ n: 1, certificates: 1 }]);
  });

  it('answers a retry with the same key with the same certificate, also when both come at once', async () => {
    const token = await scene.token();
    const key = await createRequest();
    const requests = await Promise.all([enrolRequest(scene, token, key), enrolRequest(scene, token, key)]);
    const both = await Promise.all(requests.map(({ body }) => post(scene, '/enrol', body)));
    expect(both.map(({ status }) => status)).toEqual([201, 201]);
    expect(both[0]!.body).toEqual(both[1]!.body);
    expect((await enrol(scene, token, key)).reply).toEqual(both[0]!.body);
    // Another key finds the token used; the same key with another token is no retry.
    await expect(enrol(scene, token)).rejects.toThrow('ENROL_DENIED');
    await expect(enrol(scene, await scene.token(), key)).rejects.toThrow('ENROL_DENIED');
  });

  it('gives one opaque answer to every token that is not accepted', async () => {
    const good = await scene.token();
    const { body } = await enrolRequest(scene, good);
    const revoked = await scene.token();
    expect(await scene.trust.joinTokens.revoke(by, idOf(revoked))).toBeUndefined();
    const used = await scene.token();
    await enrol(scene, used);
    const expired = await scene.token();
    const { db } = scene.harness.database;
    await db.execute({
      name: 'testExpire',
      text: `UPDATE join_token SET expires_at = now() WHERE id = $1`,
      values: [idOf(expired)],
    });
    const credential = (token: string): string => token.slice('casare_'.length).split('.').slice(0, 2).join('.');
    const tokens = [
      `${idOf(good)}.${'A'.repeat(43)}`,
      `${idOf(good)}.`,
      `unknown00.${'A'.repeat(43)}`,
      ...[revoked, used, expired].map(credential),
    ];
    const answers = [];
    for (const token of tokens) {
      const fresh = await enrolRequest(scene, good);
      const { status, body: problem } = await post(scene, '/enrol', { ...fresh.body, token });
      answers.push(JSON.stringify({ status, ...(problem as object), instance: null }));
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('ENROL_DENIED');
    // The token that was only guessed at is as good as before.
    expect((await post(scene, '/enrol', body)).status).toBe(201);
  });

  it('refuses what is not exactly an enrolment, and lives', async () => {
    const token = await scene.token();
    const made = await enrolRequest(scene, token);
    const flipped = Buffer.from(made.key.csr);
    flipped[flipped.length - 5]! ^= 1;
    const csr = (bytes: Uint8Array) => ({ csr: Buffer.from(bytes).toString('base64') });
    const nested = Buffer.from(Array.from({ length: 2_000 }, () => [0x30, 0x80]).flat());
    const cases: [object, string][] = [
      [{ kind: 'renew' }, 'REQUEST_INVALID'],
      [{ tenant: 'other' }, 'REQUEST_INVALID'],
      [csr(flipped), 'CSR_'],
      [csr(Buffer.from('3003020100', 'hex')), 'CSR_MALFORMED'],
      [csr(nested), 'CSR_'],
      [{ proof: Buffer.alloc(64).toString('base64') }, 'ENROL_PROOF_INVALID'],
      [{ nonce: made.body.nonce.replace(/^./, 'z') }, 'ENROL_NONCE_INVALID'],
    ];
    for (const [change, code] of cases) {
      const fresh = await enrolRequest(scene, token, made.key);
      const answer = await post(scene, '/enrol', { ...fresh.body, ...change });
      expect(answer.status, JSON.stringify(change)).toBe(400);
      expect((answer.body as { code: string }).code).toContain(code);
    }
    expect((await post(scene, '/enrol/unknown', {})).status).toBe(404);
    expect((await post(scene, '/enrol', '{')).status).toBe(400);
    expect((await post(scene, '/enrol', made.body)).status).toBe(201);
    // A nonce is good for one use.
    expect((await post(scene, '/enrol', made.body)).body).toMatchObject({ code: 'ENROL_NONCE_INVALID' });
  });

  it('takes only the key from the request: a proof for another nonce or key is worth nothing', async () => {
    const token = await scene.token();
    const made = await enrolRequest(scene, token);
    const { nonce } = EnrolNonce.parse((await post(scene, '/enrol/nonce', {})).body);
    expect(await post(scene, '/enrol', { ...made.body, nonce })).toMatchObject({ status: 400 });
    const other = await createRequest();
    const proof = signEnrolProof(other.privateKeyPem, made.body.nonce, made.key.csr);
    expect(await post(scene, '/enrol', { ...made.body, proof })).toMatchObject({ status: 400 });
  });

  it('keeps names from outside literally, and the secret of a token nowhere', async () => {
    const token = await scene.token();
    const made = await enrolRequest(scene, token);
    const name = `'"<b>\u001b[31m\n$(x)`;
    const answer = await post(scene, '/enrol', { ...made.body, name });
    const { agentId } = answer.body as { agentId: string };
    expect(await scene.fleet.agents.get('default', agentId)).toMatchObject({ name });
    expect(scene.logged()).not.toContain('\u001b');
    const secret = made.body.token.split('.')[1]!;
    const rows = await scene.harness.database.db.query(everything());
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter(({ row }) => row.includes(secret))).toEqual([]);
    expect(scene.logged()).not.toContain(secret);
  });
});

describe('what bounds enrolment', () => {
  it('nonces end, are ours alone, and of the used ones a bounded number is remembered', () => {
    const clock = new ManualClock();
    const nonces = new EnrolNonces(Buffer.alloc(32, 1), clock, 2);
    const [first, second, third] = [nonces.create(), nonces.create(), nonces.create()].map(({ nonce }) => nonce);
    expect(nonces.use(first!)).toBe('used');
    expect(nonces.use(first!)).toBe('invalid');
    expect(new EnrolNonces(Buffer.alloc(32, 2), clock).use(second!)).toBe('invalid');
    expect(new EnrolNonces(Buffer.alloc(32, 1), clock).use(second!)).toBe('used');
    expect(nonces.use(second!)).toBe('used');
    expect(nonces.use(third!)).toBe('full');
    clock.advance(NONCE_MS);
    expect(nonces.use(third!)).toBe('invalid');
    expect(nonces.use(nonces.create().nonce)).toBe('used');
  });

  it('an address has an allowance, an IPv6 network one for all of it, and forgotten ones start anew', () => {
    const clock = new ManualClock();
    const limit = new AddressLimit({ clock, burst: 2, perMinute: 60, addresses: 2 });
    expect([limit.take('10.0.0.1'), limit.take('::ffff:10.0.0.1'), limit.take('10.0.0.1')]).toEqual([
      true,
      true,
      false,
    ]);
    clock.advance(1_000);
    expect(limit.take('10.0.0.1')).toBe(true);
    expect(limit.take('10.0.0.1')).toBe(false);
    expect([limit.take('2001:db8::1'), limit.take('2001:db8:0:0:9::2'), limit.take('2001:db8::3')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(limit.take('10.0.0.3')).toBe(true);
    expect(limit.take('10.0.0.1')).toBe(true);
  });
});

describe('join tokens', () => {
  it('are listed by state and never with their secret, and revoked once', async () => {
    const token = await scene.token({ uses: 3, tags: ['line=1'], hosts: ['test-*'] });
    const page = await scene.trust.joinTokens.list('default', { limit: 1 });
    if (isRefusal(page)) throw new Error(page.code);
    expect(page.items).toMatchObject([{ id: idOf(token), state: 'issued', usesLeft: 3, tags: ['line=1'] }]);
    expect(page.nextCursor).not.toBeNull();
    const next = await scene.trust.joinTokens.list('default', { limit: 1, cursor: page.nextCursor! });
    expect(next).toMatchObject({ items: [expect.not.objectContaining({ id: idOf(token) })] });
    expect(await scene.trust.joinTokens.list('default', { limit: 1, cursor: 'x' })).toMatchObject({
      refused: 'invalid',
    });
    expect(await scene.trust.joinTokens.revoke({ ...by, tenant: 'other' }, idOf(token))).toMatchObject({
      code: 'TOKEN_NOT_FOUND',
    });
    expect(await scene.trust.joinTokens.revoke(by, idOf(token))).toBeUndefined();
    expect(await scene.trust.joinTokens.revoke(by, idOf(token))).toBeUndefined();
    expect(await scene.harness.database.db.query(auditOf(`joinToken:${idOf(token)}`))).toEqual([
      { action: 'joinToken.created' },
      { action: 'joinToken.revoked' },
    ]);
    await expect(enrol(scene, token)).rejects.toThrow('ENROL_DENIED');
  });

  it('that approve several agents by themselves, or live long, name hosts or networks', async () => {
    const wanted = { ttlSeconds: 2_592_000, autoApprove: true };
    const create = (more: object) => scene.trust.joinTokens.create(by, JoinTokenRequest.parse({ ...wanted, ...more }));
    expect(await create({})).toMatchObject({ code: 'TOKEN_TOO_POWERFUL' });
    expect(await create({ ttlSeconds: 900, uses: 2 })).toMatchObject({ code: 'TOKEN_TOO_POWERFUL' });
    expect(await create({ uses: 2, hosts: ['vdi-*'] })).toHaveProperty('token');
    expect(await create({ uses: 2, networks: ['10.0.0.0/8'] })).toHaveProperty('token');
    for (const more of [
      { hosts: ['*'] },
      { networks: ['0.0.0.0/0'] },
      { networks: ['10.0.0.0'] },
      { hosts: ['a b'] },
    ]) {
      expect(JoinTokenRequest.safeParse({ ...wanted, ...more }).success, JSON.stringify(more)).toBe(false);
    }
  });

  it('work only for the hosts and networks they name; the answer is the opaque one, the audit log says why', async () => {
    const { db } = scene.harness.database;
    const cases: [object, string][] = [
      [{ hosts: ['press-*'] }, 'HOST_NOT_ALLOWED'],
      [{ networks: ['10.0.0.0/8'] }, 'NETWORK_NOT_ALLOWED'],
    ];
    for (const [only, why] of cases) {
      const token = await scene.token({ uses: 5, ...only });
      await expect(enrol(scene, token)).rejects.toThrow('ENROL_DENIED');
      const told = await db.query(refusedUses(`joinToken:${idOf(token)}`));
      expect(told).toEqual([{ detail: { why, hostname: 'test-host', address: '127.0.0.1' } }]);
    }
    // The control: the same, where host and network are named.
    const good = await scene.token({ uses: 5, hosts: ['press-*', 'TEST-h?st'], networks: ['127.0.0.0/8'] });
    const { agentId } = await enrol(scene, good);
    expect(await scene.fleet.agents.get('default', agentId)).toMatchObject({ state: 'active', ephemeral: false });
    // A token that is over fills no log.
    const over = await scene.token({ hosts: ['press-*'] });
    await scene.trust.joinTokens.revoke(by, idOf(over));
    await expect(enrol(scene, over)).rejects.toThrow('ENROL_DENIED');
    expect(await db.query(refusedUses(`joinToken:${idOf(over)}`))).toEqual([]);
  });
});
