import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleDigest, certificatesInPem, readRequest } from '@casare/certs';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { heldBundle, takeBundle } from './bundle.ts';
import { faultOfIssued, isAskedFor, nextKey, writeCredential } from './credential.ts';
import { agentHome, type AgentHome, makeHome, writeWhole } from './home.ts';
import { createTestPki, type TestPki } from './pki-for-tests.ts';

let pki: TestPki;
let other: TestPki;
let home: AgentHome;
beforeAll(async () => {
  [pki, other] = await Promise.all([createTestPki(), createTestPki()]);
});
beforeEach(() => {
  home = agentHome(mkdtempSync(join(tmpdir(), 'casare-bundle-')), {});
  makeHome(home);
  writeCredential(home, pki.agent);
  writeWhole(home.serverRoots, pki.serverRoot);
});
afterEach(() => rmSync(home.root, { recursive: true }));

const bundleOf = (...roots: string[]) => ({ digest: bundleDigest(roots), roots });

test('a bundle replaces the one before, and taking it again changes nothing', () => {
  const wanted = bundleOf(pki.serverRoot, other.serverRoot);
  expect([takeBundle(home, wanted), takeBundle(home, wanted)]).toEqual([null, null]);
  expect(heldBundle(home)).toEqual({ digest: wanted.digest, roots: 2 });
  expect(certificatesInPem(readFileSync(home.serverRoots, 'utf8'))).toHaveLength(2);
});

test.each<[string, () => { digest: string; roots: string[] }]>([
  ['no roots', () => bundleOf()],
  ['too many', () => bundleOf(...Array.from({ length: 11 }, () => other.serverRoot))],
  ['an agent root', () => bundleOf(pki.serverRoot, pki.agentRoot)],
  [
    'a server CA that is no root',
    () => bundleOf(pki.gateway.chainPem.slice(pki.gateway.chainPem.indexOf('-----BEGIN', 9))),
  ],
  ['two roots in one text', () => bundleOf(pki.serverRoot + other.serverRoot)],
  ['nonsense', () => bundleOf('nonsense')],
  ['another digest', () => ({ ...bundleOf(other.serverRoot), digest: '0'.repeat(64) })],
])('%s: nothing is changed', (_, wrong) => {
  expect(takeBundle(home, wrong())).toMatch(/./);
  expect(readFileSync(home.serverRoots, 'utf8')).toBe(pki.serverRoot);
});

async function issued(from: TestPki, agentId: string) {
  const next = await nextKey(home);
  const request = readRequest(next.csr);
  if (!request.ok) throw new Error(request.code);
  return { next, chain: await from.issue(request.value.publicKey, agentId) };
}

test('an issued certificate is taken when it is for our key, for this agent and not over', async () => {
  expect(isAskedFor(home)).toBe(false);
  const { next, chain } = await issued(pki, pki.agentId);
  expect(isAskedFor(home)).toBe(true);
  const now = Date.now();
  expect(faultOfIssued(home, next, chain, now)).toBeNull();
  expect(faultOfIssued(home, next, pki.agent.chainPem, now)).toContain('key');
  expect(faultOfIssued(home, next, 'nonsense', now)).toContain('key');
  expect(faultOfIssued(home, next, (await issued(pki, other.agentId)).chain, now)).toContain('this agent');
});

test('a clock by which everything is over does not judge', async () => {
  const { next, chain } = await issued(pki, pki.agentId);
  expect(faultOfIssued(home, next, chain, Date.now() + 10 * 86_400_000)).toBeNull();
});
