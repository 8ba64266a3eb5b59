/** The agent's end of `POST /enrol/renew`, against a listener that behaves as the test says. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificatesInPem, enrolServerOptions, readCertificate, readRequest } from '@casare/certs';
import { verifyEnrolProof, verifyRenewProof } from '@casare/certs';
import { RenewRequest } from '@casare/shared/protocol';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { leafOf, readCredential, writeCredential } from './credential.ts';
import { agentHome, type AgentHome, makeHome, writeWhole } from './home.ts';
import { readIdentity, writeIdentity } from './identity.ts';
import { createTestPki, type TestPki } from './pki-for-tests.ts';
import { renewLate } from './renew-late.ts';

const NONCE = 'a-nonce-of-the-server';
let pki: TestPki;
let other: TestPki;
let server: Server;
let home: AgentHome;
let received: RenewRequest[] = [];
let onRenew: (request: RenewRequest, response: ServerResponse) => Promise<void>;

beforeAll(async () => {
  [pki, other] = await Promise.all([createTestPki(), createTestPki()]);
});
beforeEach(async () => {
  received = [];
  onRenew = async (request, response) => reply(response, 200, await issue(request));
  server = createServer(enrolServerOptions(pki.gateway, pki.serverRoot), (request, response) => {
    void handle(request, response);
  });
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  home = agentHome(mkdtempSync(join(tmpdir(), 'casare-renew-')), {});
  makeHome(home);
  writeCredential(home, pki.agent);
  writeWhole(home.serverRoots, pki.serverRoot);
  const enrolUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const who = { agentId: pki.agentId, tenant: 'acme', name: 'press 3', declared: [] };
  writeIdentity(home, { ...who, enrolUrl, tunnelUrl: 'wss://127.0.0.1:1/tunnel' });
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  rmSync(home.root, { recursive: true });
});

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (request.url === '/enrol/nonce') {
    reply(response, 200, { nonce: NONCE, expiresAt: new Date(Date.now() + 60_000).toISOString() });
    return;
  }
  const message = RenewRequest.parse(JSON.parse(Buffer.concat(chunks).toString()));
  received.push(message);
  await onRenew(message, response);
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function issue({ certificate, nonce, csr, proof, oldProof }: RenewRequest) {
  const request = readRequest(Buffer.from(csr, 'base64'));
  const followed = readCertificate(certificatesInPem(certificate)[0]!);
  if (!request.ok || !followed.ok) throw new Error('malformed');
  const proven = verifyRenewProof(followed.value.publicKey, request.value, nonce, oldProof);
  if (!proven || !verifyEnrolProof(request.value, nonce, proof)) throw new Error('no proof');
  const certificateChain = await pki.issue(request.value.publicKey, pki.agentId);
  return { certificateChain, serverRoots: pki.serverRoot + other.serverRoot, tunnelUrl: 'wss://127.0.0.1:2/tunnel' };
}

const renew = (expired = false) => renewLate(home, expired, Date.now);

test('both keys prove themselves; certificate, roots and address are taken together', async () => {
  const before = readCredential(home);
  expect(await renew()).toEqual({ outcome: 'renewed', until: leafOf(home).validToDate });
  const after = readCredential(home);
  expect(after.privateKeyPem).not.toBe(before.privateKeyPem);
  expect(certificatesInPem(readFileSync(home.serverRoots, 'utf8'))).toHaveLength(2);
  expect(readIdentity(home).tunnelUrl).toBe('wss://127.0.0.1:2/tunnel');
  expect(certificatesInPem(received[0]!.certificate)).toEqual(certificatesInPem(pki.agent.chainPem).slice(0, 1));
});

test('after a lost answer the same key is asked for again', async () => {
  const answer = onRenew;
  onRenew = async (_, response) => void response.destroy();
  await expect(renew()).rejects.toThrow(expect.objectContaining({ code: 'UNREACHABLE' }));
  onRenew = answer;
  await renew();
  expect(received[1]!.csr).toBe(received[0]!.csr);
});

test('a clock that runs ahead is told apart from an end, and nothing is asked for', async () => {
  const answer = await renewLate(home, true, () => Date.now() + 30 * 3_600_000);
  expect(answer).toMatchObject({ outcome: 'clock_skew', skewMs: expect.closeTo(30 * 3_600_000, -5) as number });
  expect(received).toEqual([]);
});

test.each([
  [403, { code: 'AGENT_LOCKED' }, { outcome: 'refused', code: 'AGENT_LOCKED', retryMs: 300_000 }],
  [403, { code: 'RENEW_DENIED' }, { outcome: 'refused', code: 'RENEW_DENIED', retryMs: 1_800_000 }],
  [403, { code: 'RENEW_TOO_LATE' }, { outcome: 'refused', code: 'RENEW_TOO_LATE', retryMs: 1_800_000 }],
  [409, { code: 'RENEW_NOT_DUE' }, { outcome: 'not_due' }],
  [429, { code: 'RENEWAL_QUOTA' }, { outcome: 'refused', code: 'ENROL_BUSY', retryMs: 60_000 }],
])('%i %j is an answer', async (status, body, expected) => {
  onRenew = async (_, response) => reply(response, status, body);
  expect(await renew()).toEqual(expected);
  expect(readCredential(home)).toEqual(pki.agent);
});

test.each<[string, (good: Awaited<ReturnType<typeof issue>>) => unknown]>([
  ['a certificate for another key', (good) => ({ ...good, certificateChain: pki.agent.chainPem })],
  ['no roots', (good) => ({ ...good, serverRoots: '' })],
  ['roots that are no CAs', (good) => ({ ...good, serverRoots: pki.agent.chainPem })],
  ['half an answer', ({ certificateChain }) => ({ certificateChain })],
])('%s is not taken', async (_, change) => {
  onRenew = async (request, response) => reply(response, 200, change(await issue(request)));
  await expect(renew()).rejects.toThrow(expect.objectContaining({ code: 'RENEW_FAILED' }));
  expect(readFileSync(home.serverRoots, 'utf8')).toBe(pki.serverRoot);
  expect(readCredential(home)).toEqual(pki.agent);
});

test('a listener that the roots of this agent do not verify gets nothing', async () => {
  writeWhole(home.serverRoots, other.serverRoot);
  await expect(renew()).rejects.toThrow(expect.objectContaining({ code: 'TLS_INTERCEPTED' }));
  expect(received).toEqual([]);
});
