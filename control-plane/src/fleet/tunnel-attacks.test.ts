/**
 * Attacks on the tunnel listener that must fail (security tests 10 to 22, as far as they meet this listener): each ends
 * at most its own connection, which a bystander with a live tunnel proves after every test.
 */
import { tunnelClientOptions } from '@casare/certs';
import { CLOSE, SUBPROTOCOL } from '@casare/shared/protocol';
import { randomUUID } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { ownPort } from '../platform/edge/entrances.ts';
import { Fault } from '../platform/errors.ts';
import {
  by,
  connect,
  dial,
  hello,
  openScene,
  post,
  TestTunnel,
  TENANT,
  type Scene,
  type TestIdentity,
} from './testing.ts';

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

/** Dials with TLS options of the test's own. */
function dialWith(tls: ConnectionOptions, protocols: string[] = [SUBPROTOCOL], headers = {}): TestTunnel {
  const options: unknown = { rejectUnauthorized: false, ...tls, perMessageDeflate: false, headers };
  return new TestTunnel(
    new WebSocket(`wss://127.0.0.1:${scene.ports.tunnel}/tunnel`, protocols, options as ClientOptions),
  );
}

const tlsOf = (identity: TestIdentity): ConnectionOptions =>
  tunnelClientOptions(identity, '127.0.0.1', [identity.rootPem]);

describe('identity', () => {
  it('a client without a certificate gets nowhere, whatever name it asks for', async () => {
    for (const servername of ['', 'localhost', 'LOCALHOST', 'web.example'])
      expect(await dialWith({ servername }).opened, servername).toBe(false);
  });

  it('a server certificate is no client certificate', async () => {
    const { privateKeyPem, chainPem } = scene.trust.gateway.current;
    expect(await dialWith({ key: privateKeyPem, cert: chainPem }).opened).toBe(false);
  });

  it('a certificate of another installation, or one that is on no record, is refused', async () => {
    const other = await openScene();
    const stranger = await other.agent();
    await other.close();
    expect(await dialWith({ key: stranger.privateKeyPem, cert: stranger.chainPem }).opened).toBe(false);

    const forged = await scene.agent();
    const { db } = scene.harness.database;
    const text = 'DELETE FROM agent_certificate WHERE agent_id = $1';
    await db.execute({ name: 'testForgetCertificate', text, values: [forged.agentId] });
    expect(await dial(scene, forged).ended).toBe(403);
    expect(scene.logged()).toContain('CERTIFICATE_UNKNOWN');
  });

  it('a revoked certificate, a locked agent and a decommissioned one are turned away and told why', async () => {
    const identity = await scene.agent();
    const text = `UPDATE agent_certificate SET state = 'revoked' WHERE agent_id = $1`;
    await scene.harness.database.db.execute({ name: 'testRevoke', text, values: [identity.agentId] });
    expect(await dial(scene, identity).ended).toBe(CLOSE.notAdmitted);
    const locked = await scene.agent();
    await scene.fleet.agents.act(by, locked.agentId, 'lock');
    expect(await dial(scene, locked).ended).toBe(CLOSE.locked);
    await scene.fleet.agents.act(by, locked.agentId, 'decommission');
    expect(await dial(scene, locked).ended).toBe(CLOSE.notAdmitted);
  });

  it('a TLS session is never resumed, and a resumed one would not be admitted', async () => {
    const identity = await scene.agent();
    const sessions: Buffer[] = [];
    const first = await tlsTo(identity, {});
    first.on('session', (session: Buffer) => sessions.push(session));
    const answered = new Promise((resolve) => first.once('data', resolve));
    first.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(String(await answered)).toContain('426');
    const session = sessions[0] ?? first.getSession();
    first.destroy();
    const second = await tlsTo(identity, session === undefined ? {} : { session });
    expect(second.isSessionReused()).toBe(false);
    second.destroy();
    const resumed = { authorized: true, isSessionReused: () => true, getPeerX509Certificate: () => undefined };
    expect(await scene.trust.admission.admit(resumed as unknown as TLSSocket)).toMatchObject({
      code: 'SESSION_RESUMED',
    });
    const unauthorised = { ...resumed, authorized: false };
    expect(await scene.trust.admission.admit(unauthorised as unknown as TLSSocket)).toMatchObject({
      code: 'NOT_AUTHORISED',
    });
  });

  it('no header grants or changes an identity', async () => {
    const [identity, victim] = [await scene.agent(), await scene.agent()];
    const uri = `URI=spiffe://t-${TENANT}.casare.internal/agent/${victim.agentId}`;
    const headers = {
      'client-cert': ':AAAA:',
      'x-forwarded-client-cert': uri,
      'x-ssl-client-s-dn': uri,
      'x-ssl-client-verify': 'SUCCESS',
    };
    expect(await dialWith({}, [SUBPROTOCOL], headers).opened).toBe(false);
    const tunnel = dialWith(tlsOf(identity), [SUBPROTOCOL], headers);
    expect(await tunnel.opened).toBe(true);
    tunnel.send(hello());
    await tunnel.next('welcome');
    expect(await scene.fleet.agents.get(TENANT, identity.agentId)).toMatchObject({ connected: true });
    expect(await scene.fleet.agents.get(TENANT, victim.agentId)).toMatchObject({ connected: false });
    const web = await fetch(`http://127.0.0.1:${scene.ports.web}/api/v1/agents`, { headers });
    expect(web.status).toBe(401);
    await tunnel.close();
  });

  it('an agent certificate opens nothing but the tunnel', async () => {
    const identity = await scene.agent();
    const tls = { key: identity.privateKeyPem, cert: identity.chainPem };
    expect(await post(scene, '/api/v1/join-tokens', {}, tls)).toMatchObject({ status: 404 });
    const mine = await fetch(`http://127.0.0.1:${scene.ports.web}/enrol/nonce`, { method: 'POST' });
    expect(mine.status).toBe(404);
    const list = await fetch(`http://127.0.0.1:${scene.ports.web}/api/v1/agents?limit=1`, {
      headers: { authorization: `Bearer ${scene.apiKey}` },
    });
    expect(await list.json()).toMatchObject({ items: [{ id: identity.agentId }] });
  });

  it('another host name, path or protocol is refused', async () => {
    const identity = await scene.agent();
    expect(await dialWith(tlsOf(identity), [SUBPROTOCOL], { host: 'web.example' }).ended).toBe(421);
    expect(await dialWith({ ...tlsOf(identity), servername: 'web.example' }).ended).toBe(421);
    expect(
      await dialWith({ ...tlsOf(identity), servername: 'LocalHost' }, [SUBPROTOCOL], { host: 'LocalHost:1' }).opened,
    ).toBe(true);
    expect(await dialWith(tlsOf(identity), ['casare.tunnel.v2']).ended).toBe(400);
    for (const path of ['/', '/tunnel/', '/tunnel?x=1', '/TUNNEL', '/api/v1/agents'])
      expect(await dial(scene, identity, { path }).ended, path).toBe(404);
  });
});

describe('abuse ends that session only', () => {
  it.each<[string, number, (tunnel: TestTunnel) => void]>([
    ['an unknown type', CLOSE.badMessage, (tunnel) => tunnel.send('{"type":"sudo"}')],
    ['no JSON', CLOSE.badMessage, (tunnel) => tunnel.send('{{{{')],
    ['a depth bomb', CLOSE.badMessage, (tunnel) => tunnel.send('['.repeat(500_000))],
    ['a second hello', CLOSE.badMessage, (tunnel) => tunnel.send(hello())],
    ['binary garbage', CLOSE.badMessage, (tunnel) => tunnel.send(Buffer.alloc(100, 0xff))],
    ['an oversized frame', 1009, (tunnel) => tunnel.send('x'.repeat(1_048_577))],
    ['an event number beyond all bounds', CLOSE.badMessage, (tunnel) => tunnel.send(events(2 ** 53))],
    ['a negative event number', CLOSE.badMessage, (tunnel) => tunnel.send(events(-1))],
    ['a flood of pings', CLOSE.badMessage, (tunnel) => flood(tunnel, (n) => tunnel.send({ type: 'ping', n }))],
    ['a flood of WebSocket pings', CLOSE.badMessage, (tunnel) => flood(tunnel, () => tunnel.socket.ping('x'))],
  ])('%s', async (_, code, attack) => {
    const tunnel = await connect(scene, await scene.agent());
    attack(tunnel);
    expect(await tunnel.ended).toBe(code);
  });

  it('tiny fragments without an end', async () => {
    const tunnel = await connect(scene, await scene.agent());
    for (let n = 0; n < 2_000; n++) tunnel.socket.send('x', { fin: false });
    expect(await tunnel.ended).toBe(1008);
  });

  it('anything before hello, and silence instead of it', async () => {
    const identity = await scene.agent();
    const early = dial(scene, identity);
    await early.opened;
    early.send({ type: 'ping', n: 1 });
    expect(await early.ended).toBe(CLOSE.helloExpected);
    const silent = dial(scene, identity);
    await silent.opened;
    expect(await silent.ended).toBe(CLOSE.helloExpected);
  });

  it('2,000 headers', async () => {
    const identity = await scene.agent();
    const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`x-${n}`, 'y']));
    expect(await dialWith(tlsOf(identity), [SUBPROTOCOL], many).opened).toBe(false);
    const some = Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`x-${n}`, 'y']));
    expect(await dialWith(tlsOf(identity), [SUBPROTOCOL], some).ended).toBe(431);
  });

  it('more sockets of one agent than it may have', async () => {
    const identity = await scene.agent();
    const tunnels = Array.from({ length: 4 }, () => dial(scene, identity));
    await Promise.all(tunnels.map(({ opened }) => opened));
    expect(await dial(scene, identity).ended).toBe(429);
    await Promise.all(tunnels.map((tunnel) => tunnel.close()));
  });

  it('500 stalled handshakes: others get in, and few are kept', async () => {
    const stalled = await Promise.all(Array.from({ length: 500 }, () => stall()));
    for (const socket of stalled) socket.resume();
    // The oldest are really cut off, not just no longer counted.
    await vi.waitFor(() => expect(stalled.filter((socket) => socket.destroyed).length).toBeGreaterThanOrEqual(400));
    expect(scene.fleet.tunnel.handshakes).toBeLessThanOrEqual(HANDSHAKES);
    const tunnel = await connect(scene, await scene.agent());
    expect(scene.fleet.tunnel.handshakes).toBeGreaterThan(HANDSHAKES / 2);
    await tunnel.close();
    for (const socket of stalled) socket.destroy();
    await vi.waitFor(() => expect(scene.fleet.tunnel.handshakes).toBe(0));
  });

  it('bytes that are no TLS', async () => {
    const socket = await stall();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    socket.write('GET /tunnel HTTP/1.1\r\nUpgrade: websocket\r\n\r\n');
    await closed;
  });
});

it('a port in use is said in one line', async () => {
  const taken = ownPort({ host: '127.0.0.1', port: scene.ports.web, variable: 'CASARE_TUNNEL_PORT' });
  const failed = scene.fleet.tunnel.listen({}, taken).catch((error: unknown) => error);
  const fault = (await failed) as Fault;
  expect(fault).toBeInstanceOf(Fault);
  expect(fault.code).toBe('PORT_IN_USE');
  expect(fault.toLine()).toContain('CASARE_TUNNEL_PORT');
});

function events(seq: number): string {
  const event = { seq, at: '2026-01-01T00:00:00.000Z', body: { type: 'run.started', resumed: false } };
  return JSON.stringify({ type: 'run.events', jobId: randomUUID(), attempt: 1, events: [event] });
}

function flood(tunnel: TestTunnel, send: (n: number) => void): void {
  for (let n = 0; n < 500 && tunnel.socket.readyState === WebSocket.OPEN; n++) send(n);
}

function tlsTo(identity: TestIdentity, more: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ...tlsOf(identity), port: scene.ports.tunnel, ...more }, () => resolve(socket));
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
