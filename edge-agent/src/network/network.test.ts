import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { tunnelServerOptions } from '@casare/certs';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { createTestPki, type TestPki } from '../identity/pki-for-tests.ts';
import { CarrierWeb } from './carrier-for-tests.ts';
import { Network } from './index.ts';
import { type InspectionCa, inspectionCa, type ProxyOptions, TestProxy } from './proxy-for-tests.ts';

const PASSWORD = 'canary-pässword';
const CREDENTIALS = `agent:${PASSWORD}`;
let pki: TestPki;
let inspection: InspectionCa;
let folder = '';
/** A gateway that sends back what it gets. */
let gateway: Server;
let url: URL;
let open: { stop(): Promise<void> }[] = [];
let sockets: TLSSocket[] = [];

beforeAll(async () => {
  pki = await createTestPki();
  inspection = inspectionCa('Acme Inspection');
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'casare-network-'));
  [open, sockets] = [[], []];
  gateway = createServer(tunnelServerOptions(pki.gateway, [pki.agentRoot]), (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  gateway.on('tlsClientError', () => undefined);
  await once(gateway.listen(0, '127.0.0.1'), 'listening');
  url = new URL(`wss://127.0.0.1:${(gateway.address() as AddressInfo).port}/tunnel`);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of open) await server.stop();
  gateway.close();
  await once(gateway, 'close');
  rmSync(folder, { recursive: true });
});

async function proxy(options: ProxyOptions = {}): Promise<TestProxy> {
  const started = await TestProxy.start(options);
  open.push(started);
  return started;
}

async function web(): Promise<CarrierWeb> {
  const started = await CarrierWeb.start(inspection, { tunnel: Number(url.port) });
  open.push(started);
  return started;
}

function network(environment: NodeJS.ProcessEnv, dialMs = 10_000): Network {
  return new Network(join(folder, 'network.json'), environment, null, dialMs);
}

function caFile(): string {
  const file = join(folder, 'ca.pem');
  writeFileSync(file, inspection.caPem);
  return file;
}

async function dial(way: Network): Promise<TLSSocket> {
  const socket = await way.open('tunnel', url, pki.clientTls());
  sockets.push(socket);
  return socket;
}

/** Sends `bytes` through the gateway and back, and answers what came. */
async function echo(way: Network, bytes = 10): Promise<number> {
  const socket = await dial(way);
  let came = 0;
  const back = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      came += chunk.length;
      if (came >= bytes) resolve();
    });
  });
  socket.write(Buffer.alloc(bytes, 'x'));
  await back;
  return came;
}

function code(value: string): unknown {
  return expect.objectContaining({ code: value });
}

test('without settings the gateway is dialled directly; both certificates and the protocol are as they must be', async () => {
  const socket = await dial(network({}));
  expect(socket).toMatchObject({ authorized: true, alpnProtocol: 'casare-tunnel' });
  expect(socket.getProtocol()).toBe('TLSv1.3');
});

test('a proxy with credentials from a file: it passes, and the password is in no text', async () => {
  const through = await proxy({ credentials: CREDENTIALS });
  const secret = join(folder, 'proxy-auth');
  writeFileSync(secret, `${CREDENTIALS}\n`, { mode: 0o600 });
  const way = network({});
  way.change({ proxy: through.url, proxyAuthFile: secret });
  expect(await echo(way)).toBe(10);
  expect(through.passed).toEqual([url.host]);
  expect(inspect(way.wayTo(url), { depth: 10 }) + JSON.stringify(way.wayTo(url))).not.toContain('canary');
});

test.each([
  ['CASARE_PROXY_AUTH', (at: string) => ({ CASARE_PROXY: at, CASARE_PROXY_AUTH: CREDENTIALS })],
  ['the URL of CASARE_PROXY', (at: string) => ({ CASARE_PROXY: at.replace('//', `//agent:${encodeURI(PASSWORD)}@`) })],
])('credentials from %s', async (_, environment) => {
  const through = await proxy({ credentials: CREDENTIALS });
  expect(await echo(network(environment(through.url)))).toBe(10);
  expect(through.passed).toHaveLength(1);
});

test('a proxy that wants credentials: none, and wrong ones, are told apart without showing them', async () => {
  const through = await proxy({ credentials: CREDENTIALS });
  const none = dial(network({ CASARE_PROXY: through.url }));
  await expect(none).rejects.toThrow(code('PROXY_AUTH_REQUIRED'));
  await expect(none).rejects.toThrow(/asks for credentials: give user:password by --proxy-auth-file/);
  const wrong = dial(network({ CASARE_PROXY: through.url, CASARE_PROXY_AUTH: 'agent:canary-wrong' }));
  await expect(wrong).rejects.toThrow(/does not take the credentials/);
  await expect(wrong).rejects.not.toThrow(/canary/);
});

const says =
  (text: string) =>
  (socket: Duplex): void =>
    void socket.end(text);

test.each<[string, string, (socket: Duplex) => void]>([
  ['asks for NTLM', 'PROXY_AUTH_REQUIRED', says('HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\n\r\n')],
  ['forbids the host', 'PROXY_REFUSED', says('HTTP/1.1 403 Forbidden\r\n\r\n')],
  ['redirects', 'PROXY_REFUSED', says('HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n')],
  ['cannot reach the host', 'PROXY_REFUSED', says('HTTP/1.1 503 No\r\n\r\n')],
  ['sends garbage', 'PROXY_PROTOCOL', says('\u0000\u0001 hello\r\n\r\n')],
  ['closes without an answer', 'PROXY_PROTOCOL', says('')],
  ['sends more than its answer', 'PROXY_PROTOCOL', says('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n')],
  ['sends headers without end', 'PROXY_PROTOCOL', endlessHeaders],
  ['says nothing', 'PROXY_UNREACHABLE', () => undefined],
])('a proxy that %s is %s', async (_, expected, answer) => {
  const through = await proxy({ answer });
  const attempt = dial(network({ CASARE_PROXY: through.url }, expected === 'PROXY_UNREACHABLE' ? 200 : 10_000));
  await expect(attempt).rejects.toThrow(code(expected));
  await expect(attempt).rejects.toThrow(new RegExp(`127.0.0.1:${through.port} \\(from CASARE_PROXY\\)`));
});

function endlessHeaders(socket: Duplex): void {
  socket.write('HTTP/1.1 200 OK\r\n');
  const more = (): void => {
    while (!socket.destroyed && socket.write(`X-Header: ${'x'.repeat(1_000)}\r\n`));
    if (!socket.destroyed) socket.once('drain', more);
  };
  more();
}

test('a proxy that is not there is PROXY_UNREACHABLE', async () => {
  await expect(dial(network({ CASARE_PROXY: 'http://127.0.0.1:1' }))).rejects.toThrow(code('PROXY_UNREACHABLE'));
});

test('an inspecting proxy is refused by name; what goes past it is a control', async () => {
  const inspecting = await proxy({ inspectsAs: inspection });
  const attempt = dial(network({ CASARE_PROXY: inspecting.url, CASARE_CA_FILE: caFile(), CASARE_SYSTEM_CA: '1' }));
  await expect(attempt).rejects.toThrow(code('TLS_INTERCEPTED'));
  await expect(attempt).rejects.toThrow(/issued by "CN=Acme Inspection".*exempt this host.*--carrier/);
  const honest = await proxy();
  expect(await echo(network({ CASARE_PROXY: honest.url }))).toBe(10);
});

test('a carrier brings the same TLS through an inspecting proxy, in both directions and any amount', async () => {
  const [inspecting, carrier] = [await proxy({ inspectsAs: inspection }), await web()];
  const way = network({ CASARE_PROXY: inspecting.url, CASARE_CARRIER: carrier.url, CASARE_CA_FILE: caFile() });
  const socket = await dial(way);
  expect(socket).toMatchObject({ authorized: true, alpnProtocol: 'casare-tunnel' });
  expect(await echo(way, 5_000_000)).toBe(5_000_000);
  expect(carrier.carried).toEqual(['/carrier/tunnel', '/carrier/tunnel']);
  expect(inspecting.passed).toEqual([new URL(carrier.url).host, new URL(carrier.url).host]);
});

test('a carrier whose outer certificate is not trusted is refused by name, and its issuer told', async () => {
  const carrier = await web();
  const attempt = dial(network({ CASARE_CARRIER: carrier.url }));
  await expect(attempt).rejects.toThrow(code('OUTER_TLS_UNTRUSTED'));
  await expect(attempt).rejects.toThrow(/issued by "CN=Acme Inspection".*--ca-file/);
  expect(carrier.carried).toEqual([]);
});

test('the outer certificate grants nothing: a carrier to another gateway is TLS_INTERCEPTED', async () => {
  const other = await createTestPki();
  const foreign = createServer(tunnelServerOptions(other.gateway, [other.agentRoot]));
  foreign.on('tlsClientError', () => undefined);
  await once(foreign.listen(0, '127.0.0.1'), 'listening');
  open.push({ stop: async () => void foreign.close() });
  const carrier = await CarrierWeb.start(inspection, { tunnel: (foreign.address() as AddressInfo).port });
  open.push(carrier);
  const attempt = dial(network({ CASARE_CARRIER: carrier.url, CASARE_CA_FILE: caFile() }));
  await expect(attempt).rejects.toThrow(/issued by "CN=Casare server CA/i);
  await expect(attempt).rejects.toThrow(code('TLS_INTERCEPTED'));
});

test('a web address without carriers is CARRIER_REFUSED', async () => {
  const server = await CarrierWeb.start(inspection, {});
  open.push(server);
  server.hostile = (socket) => socket.terminate();
  const environment = { CASARE_CARRIER: server.url, CASARE_CA_FILE: caFile() };
  await expect(dial(network(environment))).rejects.toThrow(code('UNREACHABLE'));
  const plain = await proxy({ answer: says('HTTP/1.1 200 OK\r\n\r\n') });
  await expect(dial(network({ ...environment, CASARE_PROXY: plain.url }))).rejects.toThrow(code('UNREACHABLE'));
});

test.each<[string, (socket: WebSocket) => void]>([
  ['cuts the carrier', (socket) => socket.terminate()],
  ['closes it', (socket) => socket.close()],
  ['sends text', (socket) => socket.send('hello')],
  ['sends a frame above the bound', (socket) => socket.send(Buffer.alloc(300_000))],
  ['sends bytes that are no TLS', (socket) => socket.send(Buffer.alloc(1_000, 'x'))],
])('a web that %s ends the connection inside, also in the middle of writing', async (_, misbehave) => {
  const carrier = await web();
  const socket = await dial(network({ CASARE_CARRIER: carrier.url, CASARE_CA_FILE: caFile() }));
  socket.on('error', () => undefined);
  socket.write(Buffer.alloc(2_000_000));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.once('data', () => misbehave(carrier.sockets.at(-1) as WebSocket));
  await closed;
  expect(await echo(network({ CASARE_CARRIER: carrier.url, CASARE_CA_FILE: caFile() }))).toBe(10);
});

test('a dial ends with the signal of whoever wanted it', async () => {
  const silent = await proxy({ answer: () => undefined });
  const caller = new AbortController();
  const attempt = network({ CASARE_PROXY: silent.url }).open('tunnel', url, pki.clientTls(), caller.signal);
  caller.abort(new Error('stopped'));
  await expect(attempt).rejects.toThrow(/stopped/);
});
