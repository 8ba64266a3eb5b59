/**
 * Agents behind balancers that end TLS themselves: the tunnel's and the enrol listener's TLS inside a WebSocket to the
 * web (security tests 18 and 20, as far as they meet carriers). A bystander proves after every test that others live.
 */
import { tunnelClientOptions } from '@casare/certs';
import { CARRIER_FRAME_BYTES, CARRIER_PATHS, CARRIER_SUBPROTOCOL, SUBPROTOCOL } from '@casare/shared/protocol';
import type { CarrierKind } from '@casare/shared/protocol';
import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createWebSocketStream, WebSocket, type ClientOptions } from 'ws';
import { connect, enrolRequest, hello, openScene, post, TENANT, TestTunnel } from './testing.ts';
import type { Scene, TestIdentity } from './testing.ts';

const HANDSHAKES = 20;
let scene: Scene;
let bystander: TestTunnel;
let ping = 0;
beforeAll(async () => {
  scene = await openScene({ bounds: { handshakes: HANDSHAKES, sessions: 10 } });
  bystander = await connect(scene, await scene.agent());
});
afterEach(async () => {
  bystander.send({ type: 'ping', n: ++ping });
  await bystander.next('pong', ({ n }) => n === ping);
});
afterAll(() => scene.close());

/** An outer connection; headers as a balancer might set them. */
function carrier(kind: CarrierKind, headers: Record<string, string> = {}, protocol = CARRIER_SUBPROTOCOL): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${scene.ports.web}${CARRIER_PATHS[kind]}`, [protocol], { headers });
}

/** The inner TLS connection. */
function inside(outer: WebSocket, tls: ConnectionOptions): TLSSocket {
  const stream = createWebSocketStream(outer);
  const socket = connectTls({ ...tls, socket: stream });
  stream.on('error', (error) => socket.destroy(error));
  return socket;
}

function dialInside(tls: ConnectionOptions, headers = {}): TestTunnel {
  const socket = inside(carrier('tunnel', headers), tls);
  const options: unknown = { createConnection: () => socket, perMessageDeflate: false };
  return new TestTunnel(
    new WebSocket(`wss://127.0.0.1:${scene.ports.tunnel}/tunnel`, [SUBPROTOCOL], options as ClientOptions),
  );
}

const tlsOf = (identity: TestIdentity) => tunnelClientOptions(identity, '127.0.0.1', [identity.rootPem]);

/** The answer to an upgrade that was refused. */
async function refusal(outer: WebSocket): Promise<string> {
  const [error] = (await once(outer, 'error')) as [Error];
  return error.message;
}

describe('a carrier', () => {
  it('brings a tunnel: greeting, messages both ways, a lock that ends it', async () => {
    const identity = await scene.agent();
    const tunnel = dialInside(tlsOf(identity));
    expect(await tunnel.opened).toBe(true);
    tunnel.send(hello());
    await tunnel.next('welcome');
    tunnel.send({ type: 'ping', n: 7 });
    await tunnel.next('pong', ({ n }) => n === 7);
    expect(await scene.fleet.agents.get(TENANT, identity.agentId)).toMatchObject({ connected: true });
    await scene.fleet.agents.act({ tenant: TENANT, actor: 'account:test' }, identity.agentId, 'lock');
    expect(await tunnel.ended).toBe(4423);
  });

  it('brings an enrolment', async () => {
    const made = await enrolRequest(scene, await scene.token());
    const root = (await scene.trust.authorities.serverRoot()).certificatePem;
    const options: unknown = {
      createConnection: () => inside(carrier('enrol'), { ca: [root], servername: '', host: '127.0.0.1' }),
    };
    expect(await post(scene, '/enrol', made.body, options as ConnectionOptions)).toMatchObject({ status: 201 });
  });

  it('grants nothing: inside it the tunnel demands the certificate, and no header of the outer request is one', async () => {
    const identity = await scene.agent();
    const uri = `URI=spiffe://t-${TENANT}.casare.internal/agent/${identity.agentId}`;
    const forged = {
      'client-cert': `:${Buffer.from(identity.chainPem).toString('base64')}:`,
      'x-forwarded-client-cert': uri,
      'x-ssl-client-verify': 'SUCCESS',
      'x-ssl-client-cert': encodeURIComponent(identity.chainPem),
      'x-forwarded-for': '127.0.0.1',
      authorization: `Bearer ${scene.apiKey}`,
    };
    const bare = { rejectUnauthorized: false, servername: '' };
    expect(await dialInside(bare, forged).opened).toBe(false);
    expect(await dialInside({ ...bare, key: identity.privateKeyPem, cert: identity.chainPem }, forged).opened).toBe(
      true,
    );
  });

  it('leads to its own service only', async () => {
    const identity = await scene.agent();
    const outer = carrier('enrol');
    const options: unknown = { createConnection: () => inside(outer, tlsOf(identity)), perMessageDeflate: false };
    const socket = new WebSocket(`wss://127.0.0.1/tunnel`, [SUBPROTOCOL], options as ClientOptions);
    expect(await new TestTunnel(socket).opened).toBe(false);
  });

  it("has the address of the outer connection's peer, whatever X-Forwarded-For says", async () => {
    const identity = await scene.agent();
    await scene.fleet.agents.act({ tenant: TENANT, actor: 'account:test' }, identity.agentId, 'lock');
    expect(await dialInside(tlsOf(identity), { 'x-forwarded-for': '203.0.113.77' }).ended).toBe(4423);
    const lines = scene.logged().split('\n');
    expect(lines.filter((line) => line.includes('a tunnel was refused')).at(-1)).toContain('"address":"127.0.0.1"');
    expect(scene.logged()).not.toContain('203.0.113.77');
  });
});

describe('what is no carrier', () => {
  it('is refused: another protocol, path or method, a page of a browser, too many headers', async () => {
    expect(await refusal(carrier('tunnel', {}, 'casare.carrier.v2'))).toContain('400');
    expect(await refusal(carrier('tunnel', { origin: 'https://evil.example' }))).toContain('403');
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`x-${n}`, 'y']));
    expect(await refusal(carrier('tunnel', many))).toContain('431');
    const other = new WebSocket(`ws://127.0.0.1:${scene.ports.web}/carrier/web`, [CARRIER_SUBPROTOCOL]);
    expect(await refusal(other)).toContain('404');
    // Without an upgrade there is nothing there, and a browser's try of HTTP/2 is an ordinary request.
    expect((await fetch(`http://127.0.0.1:${scene.ports.web}/carrier/tunnel`)).status).toBe(404);
  });

  it.each<[string, (outer: WebSocket) => void]>([
    ['text', (outer) => outer.send('GET / HTTP/1.1')],
    ['bytes that are no TLS', (outer) => outer.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))],
    ['a frame that is too large', (outer) => outer.send(Buffer.alloc(CARRIER_FRAME_BYTES + 1, 22))],
    ['fragments without an end', (outer) => fragments(outer)],
  ])('%s ends it', async (_, attack) => {
    const outer = carrier('tunnel');
    outer.on('error', () => undefined);
    await once(outer, 'open');
    attack(outer);
    await once(outer, 'close');
  });

  it('carriers that say nothing are dropped for others, like every stalled handshake', async () => {
    const stalled = await Promise.all(
      Array.from({ length: HANDSHAKES + 5 }, async () => {
        const outer = carrier('tunnel');
        outer.on('error', () => undefined);
        await once(outer, 'open');
        return outer;
      }),
    );
    await vi.waitFor(() => expect(stalled.filter(({ readyState }) => readyState === 3).length).toBeGreaterThan(3));
    const tunnel = dialInside(tlsOf(await scene.agent()));
    expect(await tunnel.opened).toBe(true);
    await tunnel.close();
    for (const outer of stalled) outer.terminate();
    await vi.waitFor(() => expect(scene.fleet.tunnel.handshakes).toBe(0));
  });
});

function fragments(outer: WebSocket): void {
  for (let n = 0; n < 200; n++) outer.send(Buffer.from([22]), { fin: false });
}
