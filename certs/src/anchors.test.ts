/** Agent CAs as anchors: which may be, and that OpenSSL then looks no further up. */
import { beforeAll, describe, expect, test } from 'vitest';
import { createAgentCa } from './agent-ca.ts';
import { directAnchors } from './anchors.ts';
import { certificatesInPem, toPem } from './pem.ts';
import { tunnelClientOptions, tunnelServerOptions } from './tls.ts';
import { createWorld, handshake, must, TRUST_DOMAIN, type World } from './world.fixture.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

describe('directAnchors', () => {
  test('takes agent CAs that a root has signed, and nothing else', async () => {
    const elsewhere = await createWorld();
    const names = { tenant: 'acme', trustDomain: TRUST_DOMAIN, now: new Date() };
    const impostor = must(await createAgentCa(elsewhere.agentRoot.issuer, names));
    const others = [
      ...[world.agentRoot, world.serverRoot, world.serverCa].map(({ pem }) => pem),
      ...[elsewhere.acme.pem, impostor.certificate],
      ...[world.agent.chainPem, `${world.acme.pem}${world.globex.pem}`, '', 'no PEM'],
    ];
    expect(directAnchors([...others, world.acme.pem, world.globex.pem], [world.agentRoot.pem])).toEqual([
      world.acme.pem,
      world.globex.pem,
    ]);
    expect(directAnchors([world.acme.pem], [])).toEqual([]);
    // By its signature, not by its purpose alone.
    expect(directAnchors([world.serverCa.pem], [world.serverRoot.pem])).toEqual([]);
  });
});

describe('a tunnel listener with direct anchors', () => {
  const roots = () => [world.agentRoot.pem];
  const dial = (cas: readonly string[], host: string, cert = world.agent.chainPem) => {
    const client = { ...tunnelClientOptions(world.agent, host, [world.serverRoot.pem]), cert };
    return handshake(tunnelServerOptions(world.gateway, roots(), cas), client);
  };
  const leafAlone = () => toPem('CERTIFICATE', certificatesInPem(world.agent.chainPem)[0]!);

  test('verifies up to the CA and no further', async () => {
    // Whose CA the client did not send is verified by the listener's own copy of it, or not at all.
    expect(await dial([], 'gateway.test', leafAlone())).toMatchObject({ server: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    expect(await dial([world.globex.pem], 'gateway.test', leafAlone())).toMatchObject({ client: 'CLOSED' });
    expect(await dial([world.acme.pem], 'gateway.test', leafAlone())).toMatchObject({ server: 'OK', client: 'OK' });
  });

  test('verifies others up to the root, and whoever names no host', async () => {
    expect(await dial([world.globex.pem], 'gateway.test')).toMatchObject({ server: 'OK', client: 'OK' });
    expect(await dial([world.acme.pem], '127.0.0.1')).toMatchObject({ server: 'OK', client: 'OK' });
  });
});
