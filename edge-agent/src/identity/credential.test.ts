import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRequest } from '@casare/certs';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { leafOf, nextKey, readCredential, takeNext, writeCredential } from './credential.ts';
import { agentHome, makeHome, type AgentHome } from './home.ts';
import { createTestPki, type TestPki } from './pki-for-tests.ts';

let pki: TestPki;
let home: AgentHome;
beforeAll(async () => {
  pki = await createTestPki();
});
beforeEach(() => {
  home = agentHome(mkdtempSync(join(tmpdir(), 'casare-credential-')), {});
  makeHome(home);
});
afterEach(() => rmSync(home.root, { recursive: true }));

async function issue(csr: Uint8Array): Promise<string> {
  const request = readRequest(csr);
  if (!request.ok) throw new Error(request.code);
  return pki.issue(request.value.publicKey, pki.agentId);
}

test('key and certificate are one private file, and what was written is read', () => {
  writeCredential(home, pki.agent);
  expect(readCredential(home)).toEqual({ ...pki.agent, chainPem: pki.agent.chainPem });
  expect(statSync(home.credential).mode & 0o777).toBe(0o600);
  expect(leafOf(home).subject).toContain(pki.agentId);
});

test('a home of two files is read as it is, and becomes one file with its next certificate', async () => {
  expect(() => readCredential(home)).toThrow(expect.objectContaining({ code: 'NOT_ENROLLED' }));
  writeFileSync(home.key, pki.agent.privateKeyPem, { mode: 0o600 });
  writeFileSync(home.chain, pki.agent.chainPem, { mode: 0o600 });
  expect(readCredential(home)).toEqual(pki.agent);
  const next = await nextKey(home);
  expect(takeNext(home, next, await issue(next.csr))).toBe(true);
  expect(readCredential(home).privateKeyPem.trim()).toBe(next.privateKeyPem.trim());
  expect([home.key, home.chain].map((file) => statSync(file, { throwIfNoEntry: false }))).toEqual([
    undefined,
    undefined,
  ]);
});

test('the next key stays the same until its certificate came, and is never that of today', async () => {
  writeCredential(home, pki.agent);
  const next = await nextKey(home);
  expect(await nextKey(home)).toEqual({ privateKeyPem: next.privateKeyPem, csr: Buffer.from(next.csr) });
  expect(statSync(home.nextKey).mode & 0o777).toBe(0o600);
  // A crash right after the certificate was taken leaves the key there: it is not asked for again.
  const before = readFileSync(home.nextKey);
  expect(takeNext(home, next, await issue(next.csr))).toBe(true);
  writeFileSync(home.nextKey, before);
  expect((await nextKey(home)).privateKeyPem).not.toBe(next.privateKeyPem);
});

test('a certificate for another key changes nothing', async () => {
  writeCredential(home, pki.agent);
  const next = await nextKey(home);
  for (const chain of [pki.agent.chainPem, '', 'nonsense']) expect(takeNext(home, next, chain)).toBe(false);
  expect(readCredential(home)).toEqual(pki.agent);
  expect(await nextKey(home)).toMatchObject({ privateKeyPem: next.privateKeyPem });
});

test('what cannot be read is one line', () => {
  writeFileSync(home.credential, 'nonsense', { mode: 0o600 });
  expect(() => readCredential(home)).toThrow(expect.objectContaining({ code: 'IDENTITY_DAMAGED' }));
});
