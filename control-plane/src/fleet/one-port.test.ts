/**
 * All services on one port, told apart by what a client asks for first (security tests 14 to 17, 20 and 21, as far as
 * they meet this port). Whatever is asked for, the tunnel demands its certificate; a bystander proves that others live.
 */
import { enrolClientOptions, ENROL_ALPN, TUNNEL_ALPN, tunnelClientOptions } from '@casare/certs';
import { SUBPROTOCOL } from '@casare/shared/protocol';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { onePort } from '../platform/edge/entrances.ts';
import { seededRandom } from '../platform/edge/testing.ts';
import { silentLog } from '../platform/log.ts';
import { connect, dial, openScene, post, TestTunnel, type Scene, type TestIdentity } from './testing.ts';

const OPENINGS = 100;
let scene: Scene;
let identity: TestIdentity;
let bystander: TestTunnel;
let ping = 0;
beforeAll(async () => {
  const entrances = onePort(
    { host: '127.0.0.1', port: 0, variable: 'CASARE_PORT' },
    {
      log: silentLog,
      sources: null,
      hosts: { web: 'casare.example', enrol: 'casare.example', tunnel: 'tunnel.example' },
      protocols: { [TUNNEL_ALPN]: 'tunnel', [ENROL_ALPN]: 'enrol' },
      plainWeb: true,
      openings: OPENINGS,
    },
  );
  scene = await openScene({ entrances, publicUrls: ['wss://tunnel.example'] });
  identity = await scene.agent();
  bystander = await connect(scene, await scene.agent());
});
afterEach(async () => {
  bystander.send({ type: 'ping', n: ++ping });
  await bystander.next('pong', ({ n }) => n === ping);
});
afterAll(() => scene.close());

const tlsOf = (of: TestIdentity) => tunnelClientOptions(of, '127.0.0.1', [of.rootPem]);

/** Dials with TLS options of the test's own. */
function dialWith(tls: ConnectionOptions): TestTunnel {
  const options: unknown = { rejectUnauthorized: false, ...tls, perMessageDeflate: false };
  return new TestTunnel(
    new WebSocket(`wss://127.0.0.1:${scene.ports.tunnel}/tunnel`, [SUBPROTOCOL], options as ClientOptions),
  );
}

describe('each finds its service', () => {
  it('all on the same port: web by plain HTTP, enrolment and tunnel by protocol', async () => {
    expect(new Set(Object.values(scene.ports)).size).toBe(1);
    const answer = await fetch(`http://127.0.0.1:${scene.ports.web}/api/v1/agents?limit=1`, {
      headers: { authorization: `Bearer ${scene.apiKey}` },
    });
    expect(answer.status).toBe(200);
    expect((await post(scene, '/enrol/nonce', {})).status).toBe(200);
    const tunnel = await connect(scene, await scene.agent());
    await tunnel.close();
  });

  it('by name, in any case, when the name is its alone', async () => {
    for (const servername of ['tunnel.example', 'TUNNEL.EXAMPLE']) {
      const tunnel = dialWith({ ...tlsOf(identity), servername, ALPNProtocols: [] });
      expect(await tunnel.opened, servername).toBe(true);
      await tunnel.close();
    }
  });

  it('contradictions and what nobody serves are closed', async () => {
    const root = (await scene.trust.authorities.serverRoot()).certificatePem;
    const ends = (tls: ConnectionOptions) => {
      const socket = connectTls({ ...tls, port: scene.ports.tunnel, host: '127.0.0.1', rejectUnauthorized: false });
      socket.on('error', () => undefined);
      const shown = new Promise((resolve) => socket.once('secureConnect', () => resolve('a certificate')));
      const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')));
      return Promise.race([shown, closed]);
    };
    expect(await ends({ servername: 'tunnel.example', ALPNProtocols: [ENROL_ALPN] })).toBe('closed');
    expect(await ends({ servername: '', ALPNProtocols: [ENROL_ALPN, TUNNEL_ALPN] })).toBe('closed');
    // The web has no TLS here.
    expect(await ends({ servername: 'casare.example', ALPNProtocols: ['h2', 'http/1.1'] })).toBe('closed');
    expect((await post(scene, '/enrol/nonce', {}, enrolClientOptions('127.0.0.1', root))).status).toBe(200);
  });
});

describe('the tunnel demands its certificate in every case', () => {
  it.each<[string, ConnectionOptions]>([
    ['by protocol', { servername: '', ALPNProtocols: [TUNNEL_ALPN] }],
    ['by name', { servername: 'tunnel.example' }],
    ['by a name in capitals', { servername: 'TUNNEL.example', ALPNProtocols: [TUNNEL_ALPN] }],
    ["by the web's name", { servername: 'casare.example', ALPNProtocols: [TUNNEL_ALPN] }],
    ["by nobody's name", { servername: 'gateway.internal', ALPNProtocols: [TUNNEL_ALPN] }],
    ['by the enrol protocol', { servername: '', ALPNProtocols: [ENROL_ALPN] }],
  ])('%s', async (_, tls) => {
    expect(await dialWith(tls).opened).toBe(false);
  });

  it('a ClientHello in pieces of one byte: with the certificate it gets in, without it does not', async () => {
    const cut = async (tls: ConnectionOptions) => {
      const socket = await inPieces(tls);
      const options: unknown = { createConnection: () => socket, perMessageDeflate: false };
      return new TestTunnel(new WebSocket('wss://127.0.0.1/tunnel', [SUBPROTOCOL], options as ClientOptions));
    };
    const tunnel = await cut(tlsOf(identity));
    expect(await tunnel.opened).toBe(true);
    await tunnel.close();
    const bare = { rejectUnauthorized: false, servername: '', ALPNProtocols: [TUNNEL_ALPN] };
    expect(await (await cut(bare)).opened).toBe(false);
  });

  it('no session is resumed', async () => {
    const tls = { ...tlsOf(identity), port: scene.ports.tunnel };
    const first = connectTls(tls);
    const sessions: Buffer[] = [];
    first.on('session', (session: Buffer) => sessions.push(session));
    await once(first, 'secureConnect');
    first.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(first, 'data');
    const session = sessions[0] ?? first.getSession();
    first.destroy();
    const second = connectTls({ ...tls, ...(session === undefined ? {} : { session }) });
    await once(second, 'secureConnect');
    expect(second.isSessionReused()).toBe(false);
    second.destroy();
  });

  it('a name of another service inside the tunnel, and the reverse', async () => {
    expect(await dial(scene, identity, { headers: { host: 'casare.example' } }).ended).toBe(421);
    const ours = dial(scene, identity, { headers: { host: 'tunnel.example' } });
    expect(await ours.opened).toBe(true);
    await ours.close();
  });
});

describe('abuse ends that connection only', () => {
  it('500 stalled openings, some with half a ClientHello: others get in, and the oldest are dropped', async () => {
    const stalled = await Promise.all(Array.from({ length: 500 }, (_, n) => stall(n % 2 === 0)));
    await vi.waitFor(() => expect(stalled.filter(({ destroyed }) => destroyed).length).toBeGreaterThanOrEqual(400));
    const tunnel = await connect(scene, await scene.agent());
    await tunnel.close();
    for (const socket of stalled) socket.destroy();
  });

  it('openings of random bytes: each is closed or waits, and the process lives', async () => {
    const random = seededRandom(5);
    const sockets: Socket[] = [];
    for (let round = 0; round < 200; round++) {
      const bytes = Buffer.from(
        Array.from({ length: 1 + Math.floor(random() * 200) }, () => Math.floor(random() * 256)),
      );
      if (round % 2 === 0) bytes.set([22, 3, 1, 0, 90, 1, 0, 0, 86].slice(0, bytes.length));
      const socket = await stall(false);
      socket.end(bytes);
      sockets.push(socket);
    }
    await vi.waitFor(() => expect(sockets.every(({ destroyed }) => destroyed)).toBe(true), 5_000);
  });
});

/** A TLS connection whose first flight is sent byte for byte. */
async function inPieces(tls: ConnectionOptions): Promise<TLSSocket> {
  const wire = connectTcp({ port: scene.ports.tunnel, host: '127.0.0.1', noDelay: true });
  await once(wire, 'connect');
  const [near, far] = duplexPair();
  const socket = connectTls({ ...tls, socket: near });
  const [first] = (await once(far, 'data')) as [Buffer];
  for (const byte of first) await new Promise((resolve) => wire.write(Buffer.from([byte]), resolve));
  far.pipe(wire).pipe(far);
  wire.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  socket.on('error', () => wire.destroy()).on('close', () => wire.destroy());
  return socket;
}

/** A TCP connection that says nothing, or the beginning of something. */
function stall(speaks: boolean): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connectTcp(scene.ports.tunnel, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => undefined).resume();
    if (speaks) socket.write(Buffer.from([22, 3, 1, 2, 0, 1, 0]));
  });
}
