/** Attack 41 as far as OpenSSL alone stops it: what a tenant's CA can sign, whoever holds its key. */
import { randomUUID } from 'node:crypto';
import { beforeAll, expect } from 'vitest';
import { tunnelClientOptions, tunnelServerOptions } from '../../certs/src/tls.ts';
import { createWorld, handshake, rogue, type World } from '../../certs/src/world.fixture.ts';
import { ExtendedKeyUsage } from '../../certs/src/x509.ts';
import { attack } from './attack.ts';

const { clientAuth, serverAuth } = ExtendedKeyUsage;
const ACME = `url:spiffe://t-acme.casare.test/agent/${randomUUID()}`;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

/** How the tunnel's handshake ends with what the stolen CA signed. */
async function asAgent(names: readonly string[], purpose = clientAuth): Promise<string> {
  const leaf = await rogue(world.acme, { names, purpose });
  const server = tunnelServerOptions(world.gateway, [world.agentRoot.pem]);
  return (await handshake(server, tunnelClientOptions(leaf, '127.0.0.1', [world.serverRoot.pem]))).server;
}

attack(
  41,
  'a stolen tenant CA signs for another tenant, for DNS names, addresses and e-mail: OpenSSL refuses each',
  [
    {
      file: 'certs/src/agent-ca.ts',
      find: '[{ uniformResourceIdentifier: host }, ',
      replace: "[{ uniformResourceIdentifier: host.slice(host.indexOf('.')) }, { uniformResourceIdentifier: host }, ",
    },
    { file: 'certs/src/agent-ca.ts', find: "{ dNSName: '' }, " },
    { file: 'certs/src/agent-ca.ts', find: "{ iPAddress: '0.0.0.0/0' }, " },
    { file: 'certs/src/agent-ca.ts', find: ", { rfc822Name: 'nobody@invalid' }" },
  ],
  async () => {
    expect(await asAgent([ACME])).toBe('OK');
    for (const names of [
      [ACME.replace('acme', 'globex')],
      [ACME, ACME.replace('acme', 'globex')],
      ['dns:gateway.test'],
      [ACME, 'dns:gateway.test'],
      [ACME, 'ip:127.0.0.1'],
      [ACME, 'email:a@b.test'],
    ]) {
      expect(await asAgent(names), names.join()).not.toBe('OK');
    }
  },
);

attack(
  41,
  'it signs a gateway: refused by purpose, by constraints and by anchor',
  [
    {
      file: 'certs/src/agent-ca.ts',
      find: 'caExtensions(0, ExtendedKeyUsage.clientAuth)',
      replace: 'caExtensions(0, ExtendedKeyUsage.serverAuth)',
    },
  ],
  async () => {
    expect(await asAgent([ACME])).toBe('OK');
    expect(await asAgent([ACME], serverAuth)).toBe('INVALID_PURPOSE');
    const gateway = await rogue(world.acme, { names: ['dns:gateway.test'], purpose: serverAuth });
    for (const root of [world.serverRoot, world.agentRoot]) {
      const client = tunnelClientOptions(world.agent, 'gateway.test', [root.pem]);
      expect((await handshake(tunnelServerOptions(gateway, [world.agentRoot.pem]), client)).client).not.toBe('OK');
    }
  },
);
