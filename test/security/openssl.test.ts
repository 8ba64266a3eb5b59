/**
 * The outside judge: OpenSSL's own programs on our chains and fields, and on our listeners (attacks 11, 14, 15, 17).
 * Skipped, with the reason, where there is no `openssl`.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rogue } from '../../certs/src/world.fixture.ts';
import { ExtendedKeyUsage } from '../../certs/src/x509.ts';
import { openScene, TENANT, type Scene, type TestIdentity } from '../../control-plane/src/fleet/testing.ts';
import { stealCa } from './stolen-ca.ts';

const missing = spawnSync('openssl', ['version']).status !== 0;

describe.skipIf(missing)(missing ? 'openssl is not installed' : 'openssl', () => {
  let scene: Scene;
  let agent: TestIdentity;
  let folder: string;
  const file = (name: string): string => path.join(folder, name);
  const openssl = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await promisify(execFile)('openssl', args, { cwd: folder });
    return `${stdout}${stderr}`;
  };
  const blocks = (pem: string): string[] => pem.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/g) ?? [];

  beforeAll(async () => {
    scene = await openScene();
    agent = await scene.agent();
    folder = await mkdtemp(path.join(os.tmpdir(), 'casare-openssl-'));
    const [leaf, ca] = blocks(agent.chainPem);
    const gateway = scene.trust.gateway.current;
    const [server, serverCa] = blocks(gateway.chainPem);
    const [agentRoot] = await scene.trust.authorities.agentAnchors();
    const files = { leaf, ca, server, serverCa, agentRoot, serverRoot: agent.rootPem, chain: agent.chainPem };
    for (const [name, text] of Object.entries(files)) await writeFile(file(`${name}.pem`), text ?? '');
    await writeFile(file('agent.key'), agent.privateKeyPem, { mode: 0o600 });
    await writeFile(file('gateway.key'), gateway.privateKeyPem, { mode: 0o600 });
    await writeFile(file('gateway-chain.pem'), gateway.chainPem);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await scene.close();
  });

  test('verifies the chains of an agent and of the gateway, strictly and for their purposes', async () => {
    const strict = ['verify', '-x509_strict', '-purpose'];
    const client = ['sslclient', '-CAfile', 'agentRoot.pem', '-untrusted', 'ca.pem', 'leaf.pem'];
    expect(await openssl(...strict, ...client)).toContain('leaf.pem: OK');
    const server = ['sslserver', '-verify_hostname', 'localhost', '-CAfile', 'serverRoot.pem'];
    expect(await openssl(...strict, ...server, '-untrusted', 'serverCa.pem', 'server.pem')).toContain('server.pem: OK');
    // Each with the other's purpose or anchor is refused.
    await expect(openssl(...strict, 'sslserver', ...client.slice(1))).rejects.toThrow(/purpose/i);
    const other = ['sslclient', '-CAfile', 'serverRoot.pem', '-untrusted', 'ca.pem', 'leaf.pem'];
    await expect(openssl(...strict, ...other)).rejects.toThrow();
  });

  test('reads the fields that we say we write', async () => {
    const leaf = await openssl('x509', '-in', 'leaf.pem', '-noout', '-text');
    expect(leaf).toContain('CA:FALSE');
    expect(leaf).toMatch(/X509v3 Extended Key Usage: *\n *TLS Web Client Authentication\n/);
    expect(leaf).toContain(`URI:spiffe://t-${TENANT}.casare.internal/agent/${agent.agentId}`);
    expect(leaf).toMatch(/X509v3 Key Usage: critical\n *Digital Signature\n/);
    expect(leaf).toContain('ASN1 OID: prime256v1');
    const ca = await openssl('x509', '-in', 'ca.pem', '-noout', '-text');
    expect(ca).toContain('CA:TRUE, pathlen:0');
    expect(ca).toMatch(/X509v3 Name Constraints: critical\n/);
    expect(ca).toContain(`URI:t-${TENANT}.casare.internal`);
    expect(ca).toMatch(/Excluded:\n *DNS:/);
    expect(await openssl('x509', '-in', 'agentRoot.pem', '-noout', '-text')).toContain('ASN1 OID: secp384r1');
  });

  test('attack 41: refuses what a stolen tenant CA signs beyond its constraints and purpose', async () => {
    const stolen = await stealCa(scene, 'agent_ca');
    const { clientAuth, serverAuth } = ExtendedKeyUsage;
    const own = `url:spiffe://t-${TENANT}.casare.internal/agent/${agent.agentId}`;
    const judge = async (names: string[], purpose: ExtendedKeyUsage): Promise<string> => {
      await writeFile(file('forged.pem'), (await rogue(stolen, { names, purpose })).pem);
      const args = ['-CAfile', 'agentRoot.pem', '-untrusted', 'ca.pem', '-purpose', 'sslclient', 'forged.pem'];
      return openssl('verify', ...args).catch((error: unknown) => String(error));
    };
    expect(await judge([own], clientAuth)).toContain('forged.pem: OK');
    for (const names of [[own.replace(TENANT, 'globex')], ['dns:localhost'], [own, 'dns:localhost']]) {
      expect(await judge(names, clientAuth)).toMatch(/(permitted|excluded) subtree violation/);
    }
    expect(await judge([own], serverAuth)).toMatch(/purpose/i);
  });

  /** One run of `openssl s_client` against the tunnel; what it said, and what the listener answered to an upgrade. */
  async function sClient(args: readonly string[]): Promise<string> {
    const at = ['s_client', '-connect', `127.0.0.1:${scene.ports.tunnel}`, '-CAfile', 'serverRoot.pem'];
    const child = spawn('openssl', [...at, ...args], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
    const head = `GET /tunnel HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: casare.tunnel.v1\r\n\r\n`;
    child.stdin.on('error', () => undefined);
    child.stdin.write(head);
    const closed = new Promise((resolve) => child.once('close', resolve));
    const answered = new Promise<void>((resolve) =>
      child.stdout.on('data', () => said.includes('HTTP/1.1 ') && resolve()),
    );
    await Promise.race([closed, answered]);
    child.stdin.end();
    child.kill();
    await closed;
    return said;
  }

  test('control: an agent’s certificate gets a tunnel', async () => {
    const said = await sClient([
      '-cert',
      'leaf.pem',
      '-cert_chain',
      'ca.pem',
      '-key',
      'agent.key',
      '-servername',
      'localhost',
    ]);
    expect(said).toContain('HTTP/1.1 101');
    expect(said).toContain('TLSv1.3');
  });

  test.each([
    [
      'attack 11: a server certificate as the client’s',
      ['-cert', 'server.pem', '-cert_chain', 'serverCa.pem', '-key', 'gateway.key'],
    ],
    ['attack 15: no certificate, with a name', ['-servername', 'localhost']],
    ['attack 15: no certificate, the name in upper case', ['-servername', 'LOCALHOST']],
    ['attack 15: no certificate and no name', ['-noservername']],
    ['attack 17: an upgrade without a certificate', ['-servername', 'localhost', '-tls1_3']],
    ['TLS 1.2', ['-tls1_2', '-cert', 'leaf.pem', '-cert_chain', 'ca.pem', '-key', 'agent.key']],
  ])('s_client is refused: %s', async (_, args) => {
    expect(await sClient(args)).not.toContain('HTTP/1.1 ');
  });

  test('attack 14: s_client gets no session that it could resume', async () => {
    const out = file('session.pem');
    const args = ['-cert', 'leaf.pem', '-cert_chain', 'ca.pem', '-key', 'agent.key', '-servername', 'localhost'];
    expect(await sClient([...args, '-sess_out', out])).toContain('HTTP/1.1 101');
    const again = existsSync(out) ? await sClient([...args, '-sess_in', out]) : 'no session';
    expect(again).not.toContain('Reused, ');
  });
});
