/** Attacks 14 to 22 and 28: on the tunnel listener. A bystander with a live tunnel proves after each that others live on. */
import { tunnelClientOptions, tunnelServerOptions } from '@casare/certs';
import { CLOSE, SUBPROTOCOL } from '@casare/shared/protocol';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, createServer, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import {
  by,
  connect,
  dial,
  hello,
  openReplica,
  openScene,
  TENANT,
  TestTunnel,
  type Scene,
  type TestIdentity,
} from '../../control-plane/src/fleet/testing.ts';
import { attack } from './attack.ts';

const HANDSHAKES = 100;

let scene: Scene;
let bystander: TestTunnel;
let ping = 0;
beforeAll(async () => {
  scene = await openScene({ bounds: { handshakes: HANDSHAKES }, limits: { helloMs: 1_500 } });
  bystander = await connect(scene, await scene.agent());
});
afterEach(async () => {
  bystander.send({ type: 'ping', n: ++ping });
  await bystander.next('pong', ({ n }) => n === ping);
});
afterAll(() => scene.close());

const tlsOf = (identity: TestIdentity): ConnectionOptions =>
  tunnelClientOptions(identity, '127.0.0.1', [identity.rootPem]);

function dialWith(tls: ConnectionOptions, headers: Record<string, string> = {}): TestTunnel {
  const options: unknown = { rejectUnauthorized: false, ...tls, perMessageDeflate: false, headers };
  const url = `wss://127.0.0.1:${scene.ports.tunnel}/tunnel`;
  return new TestTunnel(new WebSocket(url, [SUBPROTOCOL], options as ClientOptions));
}

function tlsTo(port: number, identity: TestIdentity, more: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ...tlsOf(identity), port, ...more }, () => resolve(socket));
    socket.on('error', reject);
  });
}

/** A TCP connection that says nothing. */
function stall(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connectTcp(scene.ports.tunnel, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => undefined);
  });
}

attack(
  14,
  'a TLS session is never resumed: not here, not on another replica, not after a lock; a resumed one is not admitted',
  [
    {
      file: 'certs/src/tls.ts',
      find: "    minVersion: 'TLSv1.3',\n    maxVersion: 'TLSv1.3',\n    secureOptions: constants.SSL_OP_NO_TICKET,\n",
      replace: "    minVersion: 'TLSv1.3',\n    maxVersion: 'TLSv1.3',\n",
    },
    {
      file: 'control-plane/src/trust/admission.service.ts',
      find: "if (socket.isSessionReused()) return refused('SESSION_RESUMED', 'the TLS session was resumed');",
    },
  ],
  async () => {
    const identity = await scene.agent();
    const replica = await openReplica(scene);
    const tickets: Buffer[] = [];
    const first = await tlsTo(scene.ports.tunnel, identity);
    first.on('session', (session: Buffer) => tickets.push(session));
    const answered = new Promise((resolve) => first.once('data', resolve));
    first.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await answered;
    const session = tickets[0] ?? first.getSession();
    first.destroy();
    for (const port of [scene.ports.tunnel, replica.scene.ports.tunnel]) {
      const second = await tlsTo(port, identity, session === undefined ? {} : { session });
      expect(second.isSessionReused()).toBe(false);
      second.destroy();
    }
    await scene.fleet.agents.act(by, identity.agentId, 'lock');
    const locked = dialWith({ ...tlsOf(identity), ...(session === undefined ? {} : { session }) });
    expect(await locked.ended).toBe(CLOSE.locked);
    // Should one ever be resumed, whatever the reason: the peer is not looked at.
    const resumed = { authorized: true, isSessionReused: () => true, getPeerCertificate: () => ({}) };
    const admission = scene.trust.admission.admit(resumed as unknown as TLSSocket);
    expect(await admission).toMatchObject({ ok: false, code: 'SESSION_RESUMED' });
    await replica.stop();
  },
);

attack(
  15,
  'upper-case, absent or foreign SNI and a ClientHello in single bytes: the certificate is still required',
  [
    {
      file: 'control-plane/src/trust/admission.service.ts',
      find: 'if (!socket.authorized) {',
      replace: 'if (false as boolean) {',
    },
  ],
  async () => {
    for (const servername of ['', 'localhost', 'LOCALHOST', 'LocalHost', 'web.example']) {
      expect(await dialWith({ servername }).opened, servername).toBe(false);
      expect(await upgradeInBytes({ servername, rejectUnauthorized: false }), servername).not.toContain('101');
    }
    // The control: in single bytes, with a certificate, it works.
    expect(await upgradeInBytes(tlsOf(await scene.agent()))).toContain('HTTP/1.1 101');
    // Should TLS ever let somebody through: admission does not.
    const nobody = { authorized: false, isSessionReused: () => false, getPeerCertificate: () => ({}) };
    expect(await scene.trust.admission.admit(nobody as unknown as TLSSocket)).toMatchObject({ code: 'NOT_AUTHORISED' });
  },
);

attack(
  16,
  'the web’s host name on the tunnel listener, and the tunnel’s path on the web listener, are refused',
  [
    {
      file: 'control-plane/src/fleet/upgrade.decision.ts',
      find: "if (!names.every((name) => tunnelHosts.has(name))) return '421 Misdirected Request';",
    },
  ],
  async () => {
    const identity = await scene.agent();
    expect(await dialWith(tlsOf(identity), { host: 'web.example' }).ended).toBe(421);
    expect(await dialWith({ ...tlsOf(identity), servername: 'web.example' }).ended).toBe(421);
    const web = new TestTunnel(new WebSocket(`ws://127.0.0.1:${scene.ports.web}/tunnel`, [SUBPROTOCOL]));
    expect(await web.opened).toBe(false);
    const control = dialWith({ ...tlsOf(identity), servername: 'LocalHost' }, { host: 'LocalHost:1' });
    expect(await control.opened).toBe(true);
    await control.close();
  },
);

attack(
  17,
  'an upgrade on a socket that TLS did not authorise is refused',
  [
    {
      file: 'control-plane/src/trust/admission.service.ts',
      find: 'if (!socket.authorized) {',
      replace: 'if (false as boolean) {',
    },
  ],
  async () => {
    // Node hands such sockets over when `rejectUnauthorized` is off: admission looks for itself.
    const { gateway, authorities, admission } = scene.trust;
    const tls = tunnelServerOptions(gateway.current, await authorities.agentAnchors());
    const judged: string[] = [];
    const server = createServer({ ...tls, rejectUnauthorized: false }, (socket) => {
      void admission.admit(socket).then((answer) => judged.push(answer.ok ? 'OK' : answer.code));
      socket.on('error', () => undefined).end('x');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    for (const more of [{ rejectUnauthorized: false }, tlsOf(await scene.agent())]) {
      const socket = connectTls({ host: '127.0.0.1', port, ...more }).resume();
      await new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
    }
    await vi.waitFor(() => expect(judged).toEqual(['NOT_AUTHORISED', 'OK']));
    server.close();
  },
);

attack(
  18,
  'forged Client-Cert, XFCC and X-SSL headers grant nothing',
  [
    {
      file: 'control-plane/src/trust/admission.service.ts',
      find: 'if (!socket.authorized) {',
      replace: 'if (false as boolean) {',
    },
  ],
  async () => {
    const [identity, victim] = [await scene.agent(), await scene.agent()];
    const uri = `URI=spiffe://t-${TENANT}.casare.internal/agent/${victim.agentId}`;
    const headers = {
      'client-cert': ':AAAA:',
      'x-forwarded-client-cert': uri,
      'x-forwarded-for': '127.0.0.1',
      'x-ssl-client-cert': encodeURIComponent(victim.chainPem),
      'x-ssl-client-s-dn': uri,
      'x-ssl-client-verify': 'SUCCESS',
    };
    expect(await dialWith({}, headers).opened).toBe(false);
    const tunnel = dialWith(tlsOf(identity), headers);
    expect(await tunnel.opened).toBe(true);
    tunnel.send(hello());
    await tunnel.next('welcome');
    expect(await scene.fleet.agents.get(TENANT, identity.agentId)).toMatchObject({ connected: true });
    expect(await scene.fleet.agents.get(TENANT, victim.agentId)).toMatchObject({ connected: false });
    await tunnel.close();
    const web = await fetch(`http://127.0.0.1:${scene.ports.web}/api/v1/agents`, { headers });
    expect(web.status).toBe(401);
    const nobody = { authorized: false, isSessionReused: () => false, getPeerCertificate: () => ({}) };
    expect(await scene.trust.admission.admit(nobody as unknown as TLSSocket)).toMatchObject({ code: 'NOT_AUTHORISED' });
  },
);

attack(
  20,
  'with 500 stalled handshakes others still get in',
  [{ file: 'control-plane/src/platform/edge/pending-handshakes.ts', find: 'oldest.destroy();' }],
  async () => {
    const stalled = await Promise.all(Array.from({ length: 500 }, () => stall()));
    for (const socket of stalled) socket.resume();
    // The oldest are really cut off, not just no longer counted.
    await vi.waitFor(() => expect(stalled.filter(({ destroyed }) => destroyed).length).toBeGreaterThanOrEqual(400));
    expect(scene.fleet.tunnel.handshakes).toBeLessThanOrEqual(HANDSHAKES);
    await (await connect(scene, await scene.agent())).close();
    for (const socket of stalled) socket.destroy();
    await vi.waitFor(() => expect(scene.fleet.tunnel.handshakes).toBe(0));
  },
);

attack(
  21,
  'a throw while a client is judged refuses that client, and the process lives',
  [
    {
      file: 'control-plane/src/fleet/tunnel-server.ts',
      find: "this.#options.log.error('a tunnel could not be judged', { error });",
      replace: 'throw error;',
    },
  ],
  async () => {
    const broken = vi.spyOn(scene.trust.admission, 'admit').mockImplementation(() => {
      throw new Error('a bug in a callback');
    });
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listen);
    expect(await dial(scene, await scene.agent()).ended).toBe(503);
    broken.mockRestore();
    const garbage = await stall();
    garbage.resume().write(Buffer.concat([Buffer.from('160301', 'hex'), Buffer.alloc(500, 0xff)]));
    await new Promise((resolve) => garbage.once('close', resolve));
    await (await connect(scene, await scene.agent())).close();
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  },
);

attack(
  22,
  '2,000 headers, tiny fragments, floods, oversized frames, unknown types, wrong order and garbage end that session only',
  [
    { file: 'control-plane/src/fleet/tunnel-server.ts', find: 'maxFragments: 1_024,', replace: 'maxFragments: 0,' },
    {
      file: 'control-plane/src/fleet/tunnel-server.ts',
      find: 'maxPayload: AGENT_FRAME_BYTES,',
      replace: 'maxPayload: 0,',
    },
    {
      file: 'control-plane/src/fleet/upgrade.decision.ts',
      find: "if (head.headerLines > HEADER_LINES) return '431 Request Header Fields Too Large';",
    },
    { file: 'control-plane/src/fleet/message-budget.ts', find: 'this.#tokens -= 1;' },
  ],
  async () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, 'y']));
    const identity = await scene.agent();
    expect(await dialWith(tlsOf(identity), many(2_000)).opened).toBe(false);
    expect(await dialWith(tlsOf(identity), many(90)).ended).toBe(431);
    const abuses: [number, (tunnel: TestTunnel) => void][] = [
      [CLOSE.badMessage, (tunnel) => tunnel.send('{"type":"sudo"}')],
      [CLOSE.badMessage, (tunnel) => tunnel.send('['.repeat(500_000))],
      [CLOSE.badMessage, (tunnel) => tunnel.send(hello())],
      [CLOSE.badMessage, (tunnel) => tunnel.send(Buffer.alloc(100, 0xff))],
      [1009, (tunnel) => tunnel.send('x'.repeat(1_048_577))],
      [1008, (tunnel) => times(2_000, tunnel, () => tunnel.socket.send('x', { fin: false }))],
      [CLOSE.badMessage, (tunnel) => times(500, tunnel, (n) => tunnel.send({ type: 'ping', n }))],
      [CLOSE.badMessage, (tunnel) => times(500, tunnel, () => tunnel.socket.ping('x'))],
    ];
    for (const [code, abuse] of abuses) {
      const tunnel = await connect(scene, await scene.agent());
      abuse(tunnel);
      expect(await tunnel.ended, abuse.toString()).toBe(code);
    }
    const early = dial(scene, identity);
    await early.opened;
    early.send({ type: 'ping', n: 1 });
    expect(await early.ended).toBe(CLOSE.helloExpected);
  },
);

function times(count: number, tunnel: TestTunnel, send: (n: number) => void): void {
  for (let n = 0; n < count && tunnel.socket.readyState === WebSocket.OPEN; n++) send(n);
}

/** An upgrade over TLS whose bytes leave one by one; what was answered, empty when nothing was. */
async function upgradeInBytes(tls: ConnectionOptions): Promise<string> {
  const raw = await stall();
  raw.setNoDelay(true);
  const single = new Duplex({
    read: () => void raw.resume(),
    write: (chunk: Buffer, _, done) => {
      for (const byte of chunk) raw.write(Buffer.from([byte]));
      done();
    },
    final: (done) => void raw.end(done),
  });
  raw.on('data', (chunk) => void (single.push(chunk) || raw.pause()));
  raw.on('close', () => single.push(null));
  const socket = connectTls({ ...tls, socket: single });
  let answer = '';
  const ended = new Promise((resolve) => {
    socket.on('error', resolve).on('close', resolve);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (answer.includes('\r\n\r\n')) resolve(null);
    });
  });
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
  const head = `GET /tunnel HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}`;
  socket.write(`${head}Sec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`);
  await ended;
  socket.destroy();
  raw.destroy();
  return answer;
}
