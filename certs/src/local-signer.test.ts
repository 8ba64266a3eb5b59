import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { readCertificate } from './contents.ts';
import { generateKey } from './keys.ts';
import { createLocalSigner } from './local-signer.ts';
import { createRateLimit } from './rate-limit.ts';
import { createRoot } from './root.ts';
import { sealKey } from './sealed-key.ts';
import type { SignedCa, Signer } from './signer.ts';
import { AGENT_ID, codeOf, derOf, must, TRUST_DOMAIN } from './world.fixture.ts';

const masterKey = randomBytes(32);
let now: Date;
let signer: Signer;

function newSigner(burst = 1_000): Signer {
  const clock = () => now;
  const rateLimit = createRateLimit({ perMinute: 60, burst, now: clock });
  const gatewayHosts = ['gateway.test', '127.0.0.1'];
  return createLocalSigner({ masterKey, trustDomain: TRUST_DOMAIN, gatewayHosts, rateLimit, now: clock });
}

/** Makes the CAs of an installation and loads them; answers what a database would hold. */
async function bootstrap(into: Signer): Promise<Record<string, SignedCa>> {
  const rows: Record<string, SignedCa> = {};
  const keep = async (id: string, ca: SignedCa) => {
    rows[id] = ca;
    must(await into.addIssuer({ id, certificate: ca.certificate, sealedKey: ca.sealedKey }));
  };
  await keep('server-root', must(await into.createRoot({ id: 'server-root', kind: 'server' })));
  await keep('agent-root', must(await into.createRoot({ id: 'agent-root', kind: 'agent' })));
  await keep('server-ca', must(await into.signServerCa({ issuer: 'server-root', id: 'server-ca' })));
  await keep('acme', must(await into.signAgentCa({ issuer: 'agent-root', id: 'acme', tenant: 'acme' })));
  return rows;
}

async function spki(): Promise<string> {
  return Buffer.from((await generateKey('P-256')).publicKey).toString('base64');
}

beforeEach(() => {
  now = new Date('2026-11-02T12:00:00Z');
  signer = newSigner();
});

describe('local signer', () => {
  test('takes an installation from nothing to leaves, and again from what was stored', async () => {
    const rows = await bootstrap(signer);
    const restarted = newSigner();
    for (const [id, { certificate, sealedKey }] of Object.entries(rows)) {
      must(await restarted.addIssuer({ id, certificate, sealedKey }));
    }
    for (const each of [signer, restarted]) {
      const agent = must(await each.signAgentLeaf({ issuer: 'acme', publicKey: await spki(), agentId: AGENT_ID }));
      const contents = must(readCertificate(derOf(agent.certificate)));
      expect(contents.names[0]?.value).toBe(`spiffe://t-acme.${TRUST_DOMAIN}/agent/${AGENT_ID}`);
      expect(agent.notAfter).toBe('2026-11-03T12:00:00.000Z');
      const hosts = ['gateway.test', '127.0.0.1'];
      must(await each.signGatewayLeaf({ issuer: 'server-ca', publicKey: await spki(), hosts }));
    }
  });

  test('speaks in messages that survive serialisation and never carries an open key', async () => {
    const rows = await bootstrap(signer);
    expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
    for (const row of Object.values(rows)) expect(row).not.toHaveProperty('privateKey');
  });

  test('a new CA signs nothing before it was added', async () => {
    await bootstrap(signer);
    must(await signer.signAgentCa({ issuer: 'agent-root', id: 'globex', tenant: 'globex' }));
    const request = { issuer: 'globex', publicKey: await spki(), agentId: AGENT_ID };
    expect(codeOf(await signer.signAgentLeaf(request))).toBe('SIGNER_ISSUER_UNKNOWN');
  });

  test('cross-certifies a root by a root, and does not open what comes of it as a CA', async () => {
    await bootstrap(signer);
    const next = must(await signer.createRoot({ id: 'next', kind: 'server' }));
    const signed = must(await signer.crossSignRoot({ issuer: 'server-root', root: next.certificate }));
    expect(signed.keyId).toBe(next.keyId);
    const posing = { id: 'next', certificate: signed.certificate, sealedKey: next.sealedKey };
    expect(codeOf(await signer.addIssuer(posing))).toBe('SIGNER_ISSUER_REFUSED');
    const wrong = { issuer: 'server-ca', root: next.certificate };
    expect(codeOf(await signer.crossSignRoot(wrong))).toBe('SIGNER_ISSUER_WRONG_KIND');
    const agents = must(await signer.createRoot({ id: 'agents', kind: 'agent' }));
    const foreign = { issuer: 'server-root', root: agents.certificate };
    expect(codeOf(await signer.crossSignRoot(foreign))).toBe('ROOT_REFUSED');
  });

  test('a CA serves its own template only', async () => {
    await bootstrap(signer);
    const publicKey = await spki();
    const wrong = [
      await signer.signAgentLeaf({ issuer: 'server-ca', publicKey, agentId: AGENT_ID }),
      await signer.signAgentLeaf({ issuer: 'agent-root', publicKey, agentId: AGENT_ID }),
      await signer.signGatewayLeaf({ issuer: 'acme', publicKey, hosts: ['gateway.test'] }),
      await signer.signGatewayLeaf({ issuer: 'server-root', publicKey, hosts: ['gateway.test'] }),
      await signer.signServerCa({ issuer: 'agent-root', id: 'x' }),
      await signer.signAgentCa({ issuer: 'server-root', id: 'x', tenant: 'acme' }),
      await signer.signAgentCa({ issuer: 'acme', id: 'x', tenant: 'acme' }),
    ];
    expect(wrong.map(codeOf)).toEqual(wrong.map(() => 'SIGNER_ISSUER_WRONG_KIND'));
  });

  test('refuses requests outside their schema, foreign hosts and foreign keys', async () => {
    await bootstrap(signer);
    const publicKey = await spki();
    const agent = { issuer: 'acme', publicKey, agentId: AGENT_ID };
    const beyond = { ...agent, tenant: 'globex' };
    expect(codeOf(await signer.signAgentLeaf(beyond))).toBe('SIGNER_REQUEST_INVALID');
    expect(codeOf(await signer.signAgentLeaf({ ...agent, agentId: '../x' }))).toBe('SIGNER_REQUEST_INVALID');
    expect(codeOf(await signer.signAgentLeaf({ ...agent, lifetimeSeconds: 1e9 }))).toBe('SIGNER_REQUEST_INVALID');
    expect(codeOf(await signer.signAgentLeaf({ ...agent, publicKey: 'AAAA' }))).toBe('KEY_REFUSED');
    const hosts = ['gateway.test', 'evil.test'];
    expect(codeOf(await signer.signGatewayLeaf({ issuer: 'server-ca', publicKey, hosts }))).toBe(
      'SIGNER_HOST_NOT_ALLOWED',
    );
  });

  test('does not open a key of another id, another certificate or another master key', async () => {
    const rows = await bootstrap(signer);
    const { certificate, sealedKey } = rows['acme'] as SignedCa;
    const other = rows['server-ca'] as SignedCa;
    const raw = await createRoot({ kind: 'agent', now });
    const attempts = [
      { id: 'globex', certificate, sealedKey },
      { id: 'acme', certificate: other.certificate, sealedKey },
      { id: 'acme', certificate, sealedKey: sealKey(raw.privateKey, masterKey, 'acme') },
      { id: 'acme', certificate, sealedKey: sealKey((await generateKey('P-256')).privateKey, masterKey, 'acme') },
      { id: 'acme', certificate, sealedKey: sealKey(raw.privateKey, randomBytes(32), 'acme') },
      { id: 'acme', certificate: 'nothing', sealedKey },
    ];
    const codes = await Promise.all(attempts.map(async (attempt) => codeOf(await signer.addIssuer(attempt))));
    expect(codes).toEqual(attempts.map(() => 'SIGNER_ISSUER_REFUSED'));
  });

  test('is limited per CA', async () => {
    const limited = newSigner(2);
    await bootstrap(limited);
    const sign = async () =>
      codeOf(await limited.signAgentLeaf({ issuer: 'acme', publicKey: await spki(), agentId: AGENT_ID }));
    expect([await sign(), await sign(), await sign()]).toEqual(['OK', 'OK', 'SIGNER_RATE_LIMITED']);
    now = new Date(now.getTime() + 1_000);
    expect([await sign(), await sign()]).toEqual(['OK', 'SIGNER_RATE_LIMITED']);
  });

  test('says when a CA is past its life', async () => {
    await bootstrap(signer);
    now = new Date('2036-11-02T12:00:00Z');
    const request = { issuer: 'acme', publicKey: await spki(), agentId: AGENT_ID };
    expect(codeOf(await signer.signAgentLeaf(request))).toBe('ISSUER_EXPIRED');
  });
});
