/** Attacks 10 to 13 and 41: certificates that are not what they are used for. OpenSSL judges in real handshakes. */
import { randomUUID, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import { caExtensions, leafExtensions } from '../../certs/src/certificate.ts';
import { readCertificate } from '../../certs/src/contents.ts';
import { importSigningKey } from '../../certs/src/keys.ts';
import { tunnelClientOptions, tunnelServerOptions } from '../../certs/src/tls.ts';
import { createWorld, handshake, must, rogue, type TestLeaf, type World } from '../../certs/src/world.fixture.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  KeyUsageFlags,
  KeyUsagesExtension,
} from '../../certs/src/x509.ts';
import {
  connect,
  dial,
  openScene,
  post,
  TENANT,
  type Scene,
  type TestIdentity,
} from '../../control-plane/src/fleet/testing.ts';
import { attack } from './attack.ts';
import { dialForged, stealCa, type StolenCa } from './stolen-ca.ts';

const { clientAuth } = ExtendedKeyUsage;

let scene: Scene;
let agent: TestIdentity;
let ca: StolenCa;
beforeAll(async () => {
  scene = await openScene();
  agent = await scene.agent();
  ca = await stealCa(scene, 'agent_ca');
});
afterAll(() => scene.close());

const uri = (tenant: string, id: string = agent.agentId) => `url:spiffe://t-${tenant}.casare.internal/agent/${id}`;
const forge = (names: readonly string[], purpose = clientAuth) => rogue(ca, { names, purpose });
const opened = (leaf: TestLeaf) => dialForged(scene, agent, leaf).opened;

/** A leaf below what `parent` says it is. */
async function below(parent: Awaited<ReturnType<typeof rogue>>): Promise<TestLeaf> {
  const key = await importSigningKey(parent.keys.privateKey, 'P-256');
  const issuer = { contents: must(readCertificate(parent.der)), curve: 'P-256' as const, key };
  return rogue({ pem: parent.chainPem, issuer }, { names: [uri(TENANT)], purpose: clientAuth });
}

attack(
  10,
  'a leaf used as a CA, a breach of the path length and a CA without basic constraints are refused',
  [
    {
      file: 'certs/src/tls.ts',
      find: 'requestCert: true,\n    rejectUnauthorized: true,',
      replace: 'requestCert: true,\n    rejectUnauthorized: false,',
    },
  ],
  async () => {
    const world = await createWorld();
    const server = tunnelServerOptions(world.gateway, [world.agentRoot.pem]);
    const judge = async (leaf: TestLeaf) =>
      (await handshake(server, tunnelClientOptions(leaf, '127.0.0.1', [world.serverRoot.pem]))).server;
    const keyCertSign = new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true);
    const parent = (extensions: Parameters<typeof rogue>[1]['extensions']) =>
      rogue(world.acme, { purpose: clientAuth, ...(extensions === undefined ? {} : { extensions }) });
    const names = [`url:spiffe://t-acme.casare.test/agent/${randomUUID()}`];
    expect(await judge(await rogue(world.acme, { names, purpose: clientAuth }))).toBe('OK');
    for (const extensions of [
      leafExtensions(clientAuth),
      caExtensions(0, clientAuth),
      [keyCertSign],
      [new BasicConstraintsExtension(false, undefined, true), keyCertSign],
    ]) {
      expect(await judge(await below(await parent(extensions)))).not.toBe('OK');
    }
  },
);

attack(
  11,
  'a server certificate opens no tunnel, and an agent certificate nothing on the web API',
  [
    {
      file: 'control-plane/src/platform/http/guard.ts',
      find: 'if (caller === null) {',
      replace: 'if (caller === null && endpoint.method === "DELETE") {',
    },
  ],
  async () => {
    const server = scene.trust.gateway.current;
    expect(await opened({ ...server, der: new Uint8Array() })).toBe(false);
    const tls = { key: agent.privateKeyPem, cert: agent.chainPem };
    expect(await post(scene, '/api/v1/join-tokens', {}, tls)).toMatchObject({ status: 404 });
    for (const path of ['agents', 'jobs', 'trust', 'auth/me']) {
      const answer = await fetch(`http://127.0.0.1:${scene.ports.web}/api/v1/${path}`, {
        headers: { 'x-forwarded-client-cert': agent.chainPem.replaceAll('\n', '') },
      });
      expect([401, 404], path).toContain(answer.status);
    }
    await (await connect(scene, agent)).close();
  },
);

attack(
  12,
  'a URI with a second name injected by a comma is refused (CVE-2021-44532)',
  [
    {
      file: 'certs/src/names.ts',
      find: 'const parts = /^spiffe:\\/\\/([^/]+)\\/agent\\/([^/]+)$/.exec(text);',
      replace: 'const parts = /^spiffe:\\/\\/([^/]+)\\/agent\\/([^/,]+)/.exec(text);',
    },
  ],
  async () => {
    const injected = await forge([`${uri(TENANT)}, URI:${uri(TENANT, randomUUID()).slice(4)}`]);
    const before = scene.logged().length;
    expect(await opened(injected)).toBe(false);
    expect(scene.logged().slice(before)).toContain('PEER_URI');
    // What has the exact form is judged by the record: it is not there.
    const plain = await forge([uri(TENANT)]);
    expect(await dialForged(scene, agent, plain).ended).toBe(403);
    expect(scene.logged().slice(before)).toContain('CERTIFICATE_UNKNOWN');
  },
);

attack(
  13,
  'a leaf of the tenant’s CA with only a DNS name is refused',
  [{ file: 'certs/src/agent-ca.ts', find: "const excluded = [{ dNSName: '' }, ", replace: 'const excluded = [' }],
  async () => {
    const world: World = await createWorld();
    const server = tunnelServerOptions(world.gateway, [world.agentRoot.pem]);
    const judge = async (names: string[]) => {
      const leaf = await rogue(world.acme, { names, purpose: clientAuth });
      return (await handshake(server, tunnelClientOptions(leaf, '127.0.0.1', [world.serverRoot.pem]))).server;
    };
    expect(await judge([`url:spiffe://t-acme.casare.test/agent/${randomUUID()}`])).toBe('OK');
    expect(await judge(['dns:gateway.test'])).not.toBe('OK');
    expect(await opened(await forge(['dns:localhost']))).toBe(false);
  },
);

attack(
  41,
  'what a stolen tenant CA signs for its own tenant, and OpenSSL lets through, is on no record',
  [
    {
      file: 'control-plane/src/trust/admission.decision.ts',
      find: "if (certificate === null || !certificate.same) return 'CERTIFICATE_UNKNOWN';",
      replace: "if (certificate === null) return 'CERTIFICATE_UNKNOWN';",
    },
  ],
  async () => {
    const serial = new X509Certificate(agent.chainPem).serialNumber.toLowerCase();
    const copy = await rogue(ca, { names: [uri(TENANT)], purpose: clientAuth, serial });
    expect(new X509Certificate(copy.pem).serialNumber.toLowerCase()).toBe(serial);
    for (const forged of [
      await forge([uri(TENANT)]),
      await forge([uri(TENANT, randomUUID())]),
      // The serial number is on record, the certificate is not.
      copy,
    ]) {
      const before = scene.logged().length;
      expect(await dialForged(scene, agent, forged).ended).toBe(403);
      expect(scene.logged().slice(before)).toContain('CERTIFICATE_UNKNOWN');
    }
    const tunnel = dial(scene, agent);
    expect(await tunnel.opened).toBe(true);
    await tunnel.close();
  },
);
