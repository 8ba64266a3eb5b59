/**
 * What every `Signer` must do, asked of one in this process, of one behind a socket pair as a child process, and of one
 * that listens on a path. What the templates make is judged in `local-signer.test.ts`; here it is that the boundary
 * changes nothing.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyCheckpoint } from '../audit-checkpoint.ts';
import { readCertificate } from '../contents.ts';
import { generateKey } from '../keys.ts';
import { createLocalSigner } from '../local-signer.ts';
import { createRateLimit } from '../rate-limit.ts';
import { readRequest } from '../request.ts';
import { createRoot } from '../root.ts';
import type { AddIssuer, SignedCa, Signer } from '../signer.ts';
import { AGENT_ID, codeOf, derOf, must, TRUST_DOMAIN } from '../world.fixture.ts';
import { startSignerChild } from './child.ts';
import { createSignerClient } from './client.ts';
import { dialSigner } from './dial.ts';
import { listenSigner } from './listen.ts';
import { SIGNATURES } from './rate.ts';

const HOSTS = ['gateway.test', '127.0.0.1'];
const masterKey = randomBytes(32);
let home: string;
const ends: (() => Promise<void> | void)[] = [];
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'casare-signer-'));
  await writeFile(path.join(home, 'master.key'), masterKey, { mode: 0o600 });
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
  await rm(home, { recursive: true });
});

function local(): Signer {
  const now = () => new Date();
  const rateLimit = createRateLimit({ ...SIGNATURES, now });
  return createLocalSigner({ masterKey, trustDomain: TRUST_DOMAIN, gatewayHosts: HOSTS, rateLimit, now });
}

async function child(): Promise<Signer> {
  const started = startSignerChild({ home, trustDomain: TRUST_DOMAIN, gatewayHosts: HOSTS, onLog: () => undefined });
  ends.push(() => started.stop());
  expect(await started.ready()).toMatchObject({ ok: true });
  return started.signer;
}

async function listening(): Promise<Signer> {
  const at = path.join(home, 'socket', 'signer.sock');
  const server = must(
    await listenSigner({ signer: local(), path: at, group: null, onRefused: (why) => expect.fail(why) }),
  );
  const client = createSignerClient({ dial: () => dialSigner(at) });
  ends.push(
    () => server.close(),
    () => client.close(),
  );
  expect(await client.ready(10_000)).toBe(true);
  return client;
}

describe.each([
  ['in this process', async () => local()],
  ['a child process', child],
  ['a socket with a path', listening],
])('a signer: %s', (_, make) => {
  let signer: Signer;
  const rows: Record<string, AddIssuer> = {};
  beforeAll(async () => {
    signer = await make();
    const keep = async (id: string, { certificate, sealedKey }: SignedCa) => {
      must(await signer.addIssuer((rows[id] = { id, certificate, sealedKey })));
    };
    await keep('server-root', must(await signer.createRoot({ id: 'server-root', kind: 'server' })));
    await keep('agent-root', must(await signer.createRoot({ id: 'agent-root', kind: 'agent' })));
    await keep('server-ca', must(await signer.signServerCa({ issuer: 'server-root', id: 'server-ca' })));
    await keep('acme', must(await signer.signAgentCa({ issuer: 'agent-root', id: 'acme', tenant: 'acme' })));
  });

  test('signs what its templates say', async () => {
    const publicKey = await spki();
    const agent = must(await signer.signAgentLeaf({ issuer: 'acme', publicKey, agentId: AGENT_ID }));
    expect(must(readCertificate(derOf(agent.certificate))).names).toEqual([
      { type: 'uri', value: `spiffe://t-acme.${TRUST_DOMAIN}/agent/${AGENT_ID}` },
    ]);
    const gateway = must(await signer.signGatewayLeaf({ issuer: 'server-ca', publicKey, hosts: HOSTS }));
    expect(must(readCertificate(derOf(gateway.certificate))).extendedKeyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  test('answers many requests at once, each with its own', async () => {
    const ids = Array.from({ length: 200 }, (_, n) => AGENT_ID.slice(0, -3) + String(n).padStart(3, '0'));
    const signed = await Promise.all(
      ids.map(async (agentId) => signer.signAgentLeaf({ issuer: 'acme', publicKey: await spki(), agentId })),
    );
    const names = signed.map((leaf) => must(readCertificate(derOf(must(leaf).certificate))).names[0]?.value);
    expect(names).toEqual(ids.map((id) => `spiffe://t-acme.${TRUST_DOMAIN}/agent/${id}`));
  });

  test('refuses with the same codes', async () => {
    const publicKey = await spki();
    const agent = { issuer: 'acme', publicKey, agentId: AGENT_ID };
    const beyond = { ...agent, tenant: 'globex' };
    const { certificate, sealedKey } = rows['acme']!;
    const answers = [
      await signer.signAgentLeaf({ ...agent, issuer: 'nobody' }),
      await signer.signAgentLeaf({ ...agent, issuer: 'server-ca' }),
      await signer.signAgentLeaf(beyond),
      await signer.signAgentLeaf({ ...agent, publicKey: 'AAAA' }),
      await signer.signGatewayLeaf({ issuer: 'server-ca', publicKey, hosts: ['evil.test'] }),
      await signer.addIssuer({ id: 'globex', certificate, sealedKey }),
      await signer.addIssuer({ id: 'acme', certificate: 'x'.repeat(20_001), sealedKey }),
    ];
    expect(answers.map(codeOf)).toEqual([
      'SIGNER_ISSUER_UNKNOWN',
      'SIGNER_ISSUER_WRONG_KIND',
      'SIGNER_REQUEST_INVALID',
      'KEY_REFUSED',
      'SIGNER_HOST_NOT_ALLOWED',
      'SIGNER_ISSUER_REFUSED',
      'SIGNER_REQUEST_INVALID',
    ]);
    expect(codeOf(await signer.signAgentLeaf(agent))).toBe('OK');
  });

  test('says that it is there, and how many CAs are open', async () => {
    expect(await signer.ping()).toEqual({ ok: true, value: { issuers: 4 } });
  });

  test('derives the same key for all who share a master key', async () => {
    const { key } = must(await signer.deriveKey({ purpose: 'enrol-nonce' }));
    expect(key).toBe(must(await local().deriveKey({ purpose: 'enrol-nonce' })).key);
    expect(Buffer.from(key, 'base64')).toHaveLength(32);
    expect(codeOf(await signer.deriveKey({ purpose: 'master' as never }))).toBe('SIGNER_REQUEST_INVALID');
  });

  test('says where a log is, and signs no step back', async () => {
    const of = (position: number) => ({ log: 'acme', position, hash: 'a'.repeat(64) });
    expect(codeOf(verifyCheckpoint(must(await signer.signCheckpoint(of(7)))))).toBe('OK');
    expect(codeOf(await signer.signCheckpoint(of(6)))).toBe('SIGNER_CHECKPOINT_REFUSED');
  });

  test('makes a key and the request for its certificate, and seals the key for the id', async () => {
    const made = must(await signer.requestAuthority({ id: 'new' }));
    expect(JSON.stringify(made)).not.toContain('PRIVATE KEY');
    const [, body] = /-----BEGIN CERTIFICATE REQUEST-----([^-]+)-/.exec(made.csr) ?? [];
    must(readRequest(Buffer.from(body ?? '', 'base64')));
    const { certificate } = rows['acme']!;
    const foreign = await signer.addIssuer({ id: 'new', certificate, sealedKey: made.sealedKey });
    expect(codeOf(foreign)).toBe('SIGNER_ISSUER_REFUSED');
  });

  test('cross-certifies a root of its own, and none whose key somebody else may hold', async () => {
    const own = must(await signer.createRoot({ id: 'next', kind: 'server' })).certificate;
    must(await signer.crossSignRoot({ issuer: 'server-root', root: own }));
    const foreign = (await createRoot({ kind: 'server', now: new Date() })).certificate;
    expect(codeOf(await signer.crossSignRoot({ issuer: 'server-root', root: foreign }))).toBe('ROOT_REFUSED');
  });

  test('forgets a CA that was removed', async () => {
    const again = { ...rows['acme']! };
    must(await signer.removeIssuer({ id: 'acme' }));
    must(await signer.removeIssuer({ id: 'acme' }));
    const request = { issuer: 'acme', publicKey: await spki(), agentId: AGENT_ID };
    expect(codeOf(await signer.signAgentLeaf(request))).toBe('SIGNER_ISSUER_UNKNOWN');
    must(await signer.addIssuer(again));
    expect(codeOf(await signer.signAgentLeaf(request))).toBe('OK');
  });
});

async function spki(): Promise<string> {
  return Buffer.from((await generateKey('P-256')).publicKey).toString('base64');
}
