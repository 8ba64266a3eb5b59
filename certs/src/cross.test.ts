/** A root cross-certified by the one before it. `openssl verify` and real handshakes are the judges. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { caProfile } from './ca-profile.ts';
import { readCertificate } from './contents.ts';
import { createCrossCertificate, isSelfSigned, presentedChain } from './cross.ts';
import { generateKey } from './keys.ts';
import { createGatewayLeaf } from './leaf.ts';
import { toPem } from './pem.ts';
import { findPinned, peerChain, pinOf } from './pin.ts';
import { createRoot } from './root.ts';
import { createServerCa } from './server-ca.ts';
import { chainProbeOptions, tunnelClientOptions, tunnelServerOptions, type ServerIdentity } from './tls.ts';
import { codeOf, createWorld, derOf, handshake, must, testCa, type TestCa, type World } from './world.fixture.ts';

let world: World;
let root: TestCa;
let ca: TestCa;
let cross: string;
let leaf: string;
let privateKeyPem: string;
const folder = mkdtempSync(join(tmpdir(), 'casare-cross-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  const now = new Date();
  world = await createWorld(now);
  root = await testCa(await createRoot({ kind: 'server', now }));
  ca = await testCa(must(await createServerCa(root.issuer, { now })));
  cross = must(await createCrossCertificate(world.serverRoot.issuer, { root: root.pem, now })).certificate;
  const key = await generateKey('P-256');
  leaf = must(await createGatewayLeaf(ca.issuer, { hosts: ['127.0.0.1'], publicKey: key.publicKey, now })).certificate;
  privateKeyPem = toPem('PRIVATE KEY', key.privateKey);
});

/** `openssl verify` of the leaf, with one anchor and the rest of a presented chain as untrusted. */
function verify(anchor: string, chain: string, purpose = 'sslserver'): string {
  const path = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const given = ['-CAfile', path('anchor.pem', anchor), '-untrusted', path('chain.pem', chain)];
  const args = ['verify', '-x509_strict', '-purpose', purpose, '-no-CApath', '-no-CAstore'];
  try {
    return execFileSync('openssl', [...args, ...given, path('leaf.pem', leaf)], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

/** What a client that trusts `anchors` says of a gateway that presents `chainPem`. */
async function dial(chainPem: string, anchors: readonly string[]): Promise<string> {
  const identity: ServerIdentity = { privateKeyPem, chainPem };
  const server = tunnelServerOptions(identity, [world.agentRoot.pem]);
  return (await handshake(server, tunnelClientOptions(world.agent, '127.0.0.1', anchors))).client;
}

/** The certificates that Node shows a client of a listener with this chain. */
async function seen(chainPem: string): Promise<Uint8Array[]> {
  let found: Uint8Array[] = [];
  const server = { key: privateKeyPem, cert: chainPem };
  await handshake(server, chainProbeOptions('127.0.0.1'), (socket) => void (found = peerChain(socket)));
  return found;
}

describe('a cross-certified root', () => {
  test('openssl verifies one presented chain by the old root and by the new root', () => {
    const chain = presentedChain('', ca.pem, cross);
    expect(verify(world.serverRoot.pem, chain)).toContain('OK');
    expect(verify(root.pem, chain)).toContain('OK');
    // Controls: without the cross certificate the old root does not do, another root never, as a client neither.
    expect(verify(world.serverRoot.pem, presentedChain('', ca.pem, null))).toContain('unable to get local issuer');
    expect(verify(world.agentRoot.pem, chain)).toContain('unable to get');
    expect(verify(world.serverRoot.pem, chain, 'sslclient')).toContain('unsuitable certificate purpose');
  });

  test('agents that hold the old root, the new one, or both, all reach the gateway', async () => {
    const chain = presentedChain(leaf, ca.pem, cross);
    const both = [world.serverRoot.pem, root.pem];
    for (const anchors of [[world.serverRoot.pem], [root.pem], both, both.toReversed()]) {
      expect(await dial(chain, anchors)).toBe('OK');
    }
    expect(await dial(presentedChain(leaf, ca.pem, null), [world.serverRoot.pem])).toMatch(/UNABLE_TO_/);
    expect(await dial(chain, [world.agentRoot.pem])).toMatch(/UNABLE_TO_|SELF_SIGNED/);
  });

  test('the order matters: a root that stands before the cross certificate hides it from the old root', async () => {
    const wrong = `${leaf}${ca.pem}${root.pem}${cross}`;
    expect(await dial(wrong, [root.pem])).toBe('OK');
    expect(await dial(wrong, [world.serverRoot.pem])).toBe('SELF_SIGNED_CERT_IN_CHAIN');
    expect(verify(world.serverRoot.pem, `${ca.pem}${root.pem}${cross}`)).toContain('self-signed certificate');
    // Roots behind the cross certificate hide nothing: the enrol listener appends the old one for pins.
    const right = `${presentedChain(leaf, ca.pem, cross)}${world.serverRoot.pem}${root.pem}`;
    expect(await dial(right, [world.serverRoot.pem])).toBe('OK');
    expect(await dial(right, [root.pem])).toBe('OK');
  });

  test('it is the new name and key, signed by the old root, one level deep, for servers only', () => {
    const contents = must(readCertificate(derOf(cross)));
    const fresh = root.issuer.contents;
    expect(Buffer.from(contents.subject)).toEqual(Buffer.from(fresh.subject));
    expect(Buffer.from(contents.publicKey)).toEqual(Buffer.from(fresh.publicKey));
    expect(Buffer.from(contents.issuer)).toEqual(Buffer.from(world.serverRoot.issuer.contents.subject));
    expect(contents).toMatchObject({ keyId: fresh.keyId, issuerKeyId: world.serverRoot.issuer.contents.keyId });
    expect(contents).toMatchObject({ ca: true, pathLength: 1, extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] });
    expect(contents.notAfter <= world.serverRoot.issuer.contents.notAfter).toBe(true);
    // No signer takes it for a CA.
    expect(caProfile(contents)).toBeNull();
  });

  test('it is made for another self-signed server root only', async () => {
    const judge = async (pem: string) =>
      codeOf(await createCrossCertificate(world.serverRoot.issuer, { root: pem, now: new Date() }));
    expect(await judge(root.pem)).toBe('OK');
    const refused = [world.serverRoot.pem, world.agentRoot.pem, ca.pem, cross, leaf, 'nothing'];
    for (const pem of refused) expect(await judge(pem)).toBe('ROOT_REFUSED');
    const late = new Date(world.serverRoot.issuer.contents.notAfter.getTime() + 1);
    const next = await createRoot({ kind: 'server', now: late });
    const options = { root: next.certificate, now: late };
    expect(codeOf(await createCrossCertificate(world.serverRoot.issuer, options))).toBe('ISSUER_EXPIRED');
  });
});

describe('pins while roots rotate', () => {
  test('the pinned root is the self-signed one, never the cross certificate of its key', () => {
    const pin = pinOf(root.pem);
    expect(pinOf(cross)).toBe(pin);
    expect(isSelfSigned(derOf(cross))).toBe(false);
    expect(findPinned(presentedChain(leaf, ca.pem, cross), pin)).toBeNull();
    expect(findPinned(`${cross}${root.pem}`, pin)).toBe(root.pem);
  });

  test('Node shows the path over the cross certificate: the old pin is found in it, the new one is not', async () => {
    const chain = `${presentedChain(leaf, ca.pem, cross)}${world.serverRoot.pem}${root.pem}`;
    const shown = await seen(chain);
    expect(findPinned(shown, pinOf(world.serverRoot.pem))).toBe(world.serverRoot.pem);
    // Why the enrol listener also gives its roots as a document.
    expect(findPinned(shown, pinOf(root.pem))).toBeNull();
    expect(findPinned(await seen(`${leaf}${ca.pem}${root.pem}`), pinOf(root.pem))).toBe(root.pem);
  });
});
