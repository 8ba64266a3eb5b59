/** The listeners and the agent against each other: real handshakes on loopback. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type ConnectionOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { readIdentity } from './identity.ts';
import { findPinned, peerChain, pinOf } from './pin.ts';
import {
  chainProbeOptions,
  enrolClientOptions,
  enrolServerOptions,
  tunnelClientOptions,
  tunnelServerOptions,
  type ServerIdentity,
} from './tls.ts';
import { AGENT_ID, converse, createWorld, handshake, must, rogue, TRUST_DOMAIN, type World } from './world.fixture.ts';
import { ExtendedKeyUsage } from './x509.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

/** The tunnel handshake of world's agent, which means to reach `host`. */
function dial(host = 'gateway.test') {
  const server = tunnelServerOptions(world.gateway, [world.agentRoot.pem]);
  return handshake(server, tunnelClientOptions(world.agent, host, [world.serverRoot.pem]));
}

describe('tunnel listener', () => {
  test('admits an agent of a tenant and shows its identity', async () => {
    const outcome = await dial();
    expect(outcome).toMatchObject({ server: 'OK', client: 'OK', reused: false });
    const identity = must(readIdentity(outcome.peer ?? new Uint8Array(), TRUST_DOMAIN));
    expect(identity).toMatchObject({ tenant: 'acme', trustDomain: TRUST_DOMAIN, agentId: AGENT_ID });
    expect(identity.issuerKeyId).toBe(world.acme.keyed.keyId);
  });

  test('the agent checks the host it meant, by DNS name, IPv4 and IPv6', async () => {
    for (const host of ['gateway.test', '127.0.0.1', '::1']) {
      expect(await dial(host)).toMatchObject({ client: 'OK' });
    }
    for (const host of ['other.test', '127.0.0.2', 'x.gateway.test']) {
      expect(await dial(host)).toMatchObject({
        client: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
    }
  });

  test('the agent does not take a common name for a host', async () => {
    const names = ['dns:gateway.test'];
    const wanted = { purpose: ExtendedKeyUsage.serverAuth, commonName: 'gateway.test' };
    const client = tunnelClientOptions(world.agent, 'gateway.test', [world.serverRoot.pem]);
    const against = async (leaf: ServerIdentity) =>
      (await handshake(tunnelServerOptions(leaf, [world.agentRoot.pem]), client)).client;
    expect(await against(await rogue(world.serverCa, { ...wanted, names }))).toBe('OK');
    expect(await against(await rogue(world.serverCa, wanted))).toBe('the server certificate names no host');
  });

  test('refuses a client without a certificate', async () => {
    const {
      key: _key,
      cert: _cert,
      ...anonymous
    } = tunnelClientOptions(world.agent, 'gateway.test', [world.serverRoot.pem]);
    const outcome = await handshake(tunnelServerOptions(world.gateway, [world.agentRoot.pem]), anonymous);
    expect(outcome.server).toBe('ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
  });

  test('refuses a client that cannot speak TLS 1.3', async () => {
    const client = tunnelClientOptions(world.agent, 'gateway.test', [world.serverRoot.pem]);
    const server = tunnelServerOptions(world.gateway, [world.agentRoot.pem]);
    const outcome = await handshake(server, { ...client, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    expect(outcome.server).toBe('ERR_SSL_UNSUPPORTED_PROTOCOL');
  });

  test('closes a socket that never says anything after its handshake timeout', () => {
    expect(tunnelServerOptions(world.gateway, []).handshakeTimeout).toBe(10_000);
    expect(enrolServerOptions(world.gateway, '').handshakeTimeout).toBe(10_000);
  });
});

describe('resumption', () => {
  /** Two connections, the second offering the first one's session. */
  async function reconnect(tickets: boolean) {
    const { secureOptions, ...options } = tunnelServerOptions(world.gateway, [world.agentRoot.pem]);
    const server = createServer(tickets ? options : { ...options, ...(secureOptions ? { secureOptions } : {}) });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      const port = (server.address() as AddressInfo).port;
      const client = { ...tunnelClientOptions(world.agent, 'gateway.test', [world.serverRoot.pem]), port };
      let session: Buffer | undefined;
      const first = await converse(server, client, async (_socket, given) => {
        session = await given;
      });
      const second = await converse(server, session === undefined ? client : { ...client, session });
      return { first, second, offered: session !== undefined };
    } finally {
      server.close();
    }
  }

  test('never happens on the tunnel listener, though the agent offers its session', async () => {
    const { first, second, offered } = await reconnect(false);
    expect(offered).toBe(true);
    expect(first).toMatchObject({ server: 'OK', reused: false });
    expect(second).toMatchObject({ server: 'OK', client: 'OK', reused: false });
  });

  test('control: without the option the same offer is taken', async () => {
    const { second } = await reconnect(true);
    expect(second).toMatchObject({ server: 'OK', reused: true });
  });
});

describe('enrol listener', () => {
  const enrol = () => enrolServerOptions(world.gateway, world.serverRoot.pem);

  test('the agent finds the pinned root, then verifies the listener against it alone', async () => {
    const found: { root: string | null } = { root: null };
    const probe = await handshake(enrol(), chainProbeOptions('gateway.test'), (socket) => {
      found.root = findPinned(peerChain(socket), pinOf(world.serverRoot.pem));
    });
    expect(probe).toMatchObject({ client: 'OK' });
    expect(found.root).toBe(world.serverRoot.pem);
    expect(await handshake(enrol(), enrolClientOptions('gateway.test', found.root ?? ''))).toMatchObject({
      client: 'OK',
    });
  });

  test('somebody who sends the public root behind a chain of his own fails the verification', async () => {
    const attacker = await createWorld();
    const options = enrolServerOptions(attacker.gateway, world.serverRoot.pem);
    expect((await handshake(options, enrolClientOptions('gateway.test', attacker.serverRoot.pem))).client).toBe('OK');
    expect((await handshake(options, enrolClientOptions('gateway.test', world.serverRoot.pem))).client).not.toBe('OK');
  });

  test('speaks TLS 1.2 for old intercepting middleboxes, and asks for no client certificate', async () => {
    const options = { ...enrolClientOptions('gateway.test', world.serverRoot.pem), maxVersion: 'TLSv1.2' as const };
    expect(await handshake(enrol(), options)).toMatchObject({ client: 'OK', peer: null });
  });
});

describe('application protocols', () => {
  const enrol = () => enrolServerOptions(world.gateway, world.serverRoot.pem);
  const tunnel = () => tunnelServerOptions(world.gateway, [world.agentRoot.pem]);
  const dialled = () => tunnelClientOptions(world.agent, 'gateway.test', [world.serverRoot.pem]);

  test.each<[string, string | false, () => TlsOptions, () => ConnectionOptions]>([
    ['the tunnel', 'casare-tunnel', tunnel, dialled],
    ['enrolment', 'casare-enrol', enrol, () => enrolClientOptions('gateway.test', world.serverRoot.pem)],
    ['fetching the chain', 'casare-enrol', enrol, () => chainProbeOptions('gateway.test')],
    ['an agent that knows HTTP only', 'http/1.1', tunnel, () => ({ ...dialled(), ALPNProtocols: ['http/1.1'] })],
    ['an agent that offers none', false, tunnel, () => ({ ...dialled(), ALPNProtocols: [] })],
  ])('%s agrees on %s', async (_, protocol, server, client) => {
    let agreed: TLSSocket['alpnProtocol'] = null;
    await handshake(server(), client(), (socket) => {
      agreed = socket.alpnProtocol;
    });
    expect(agreed).toBe(protocol);
  });

  test('what is meant for the other service is refused', async () => {
    const outcome = await handshake(enrol(), { ...dialled(), ALPNProtocols: ['casare-tunnel'] });
    expect(outcome.server).not.toBe('OK');
  });
});
