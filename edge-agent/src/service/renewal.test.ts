/** What is said about trust, and what the agent does then; its tunnel is a double that keeps what it was asked for. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleDigest, readRequest } from '@casare/certs';
import type { AgentMessage } from '@casare/shared/protocol';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { readCredential, writeCredential } from '../identity/credential.ts';
import { agentHome, type AgentHome, makeHome, nextKey, writeWhole } from '../identity/index.ts';
import { createTestPki, type TestPki } from '../identity/pki-for-tests.ts';
import { Renewal } from './renewal.ts';

let pki: TestPki;
let home: AgentHome;
let renewal: Renewal;
let lines: string[] = [];
let sent: AgentMessage[] = [];
let tunnel: { isOutdated: boolean; replaced: number; handedOver: number };
beforeAll(async () => {
  pki = await createTestPki();
});
beforeEach(() => {
  home = agentHome(mkdtempSync(join(tmpdir(), 'casare-renewal-')), {});
  makeHome(home);
  writeCredential(home, pki.agent);
  writeWhole(home.serverRoots, pki.serverRoot);
  [lines, sent] = [[], []];
  tunnel = { isOutdated: false, replaced: 0, handedOver: 0 };
  renewal = makeRenewal();
});
afterEach(() => {
  renewal.ended();
  rmSync(home.root, { recursive: true });
});

function makeRenewal(): Renewal {
  const double = {
    get isOutdated() {
      return tunnel.isOutdated;
    },
    send: (message: AgentMessage) => void sent.push(message),
    certificateReplaced: () => {
      tunnel.replaced += 1;
      tunnel.isOutdated = true;
    },
    handOver: () => void (tunnel.handedOver += 1),
  };
  const log = (level: string, text: string): void => void lines.push(`${level} ${text}`);
  return new Renewal({ home, clock: systemClock, random: () => 0, log, tunnel: double });
}

const due = { type: 'certificate.due', withinMs: 0, reason: 'test' } as const;

async function asked(): Promise<string> {
  const message = await vi.waitFor(() => {
    const found = sent.find(({ type }) => type === 'certificate.renew');
    if (found?.type !== 'certificate.renew') throw new Error('not asked');
    return found;
  });
  return message.csr;
}

async function issue(csr: string): Promise<string> {
  const request = readRequest(Buffer.from(csr, 'base64'));
  if (!request.ok) throw new Error(request.code);
  return pki.issue(request.value.publicKey, pki.agentId);
}

test('told to, it asks, takes what comes and has it used; nothing is asked over the session of before', async () => {
  renewal.live();
  expect(sent).toEqual([]);
  renewal.trust(due);
  renewal.trust({ type: 'certificate.issued', chain: await issue(await asked()), generation: 2 });
  expect([tunnel.replaced, renewal.generation]).toEqual([1, 2]);
  expect(readCredential(home).privateKeyPem).not.toBe(pki.agent.privateKeyPem);
  renewal.trust(due);
  expect([tunnel.handedOver, sent.length]).toEqual([1, 1]);
});

test('a restart in the middle goes on with the key that was kept', async () => {
  const { csr } = await nextKey(home);
  renewal = makeRenewal();
  renewal.live();
  expect(await asked()).toBe(Buffer.from(csr).toString('base64'));
});

test('a certificate that is not ours, or that nobody asked for, changes nothing', async () => {
  renewal.live();
  renewal.trust({ type: 'certificate.issued', chain: pki.agent.chainPem, generation: 2 });
  renewal.trust(due);
  await asked();
  renewal.trust({ type: 'certificate.issued', chain: pki.agent.chainPem, generation: 2 });
  expect([tunnel.replaced, readCredential(home)]).toEqual([0, pki.agent]);
  expect(lines.filter((line) => line.includes('RENEWAL_FAILED'))).toHaveLength(1);
});

test('a bundle is acknowledged when it is on disk; a bad one changes nothing and is one line', () => {
  const bad = { type: 'bundle.update' as const, digest: '0'.repeat(64), roots: [pki.agentRoot] };
  for (let told = 0; told < 3; told += 1) renewal.trust(bad);
  expect([sent, readFileSync(home.serverRoots, 'utf8')]).toEqual([[], pki.serverRoot]);
  expect(lines).toEqual([expect.stringContaining('BUNDLE_REFUSED')]);
  const digest = bundleDigest([pki.serverRoot]);
  renewal.trust({ type: 'bundle.update', digest, roots: [pki.serverRoot] });
  expect(sent).toEqual([{ type: 'bundle.ack', digest }]);
});
