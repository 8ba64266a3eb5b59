/** Each finding of `doctor` on the way out: a real gateway, real proxies that refuse, names that are not known. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { tunnelServerOptions } from '@casare/certs';
import { CLOSE } from '@casare/shared/protocol';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { createTestPki, type TestPki } from '../identity/pki-for-tests.ts';
import { inspectionCa, type ProxyOptions, TestProxy } from '../network/proxy-for-tests.ts';
import { ProtocolPeer } from '../tunnel/protocol-peer-for-tests.ts';
import { writeEnrolledHome } from './home-for-tests.ts';
import { type CheckName, runChecks, type TimedCheck } from './index.ts';
import { checkName } from './name-check.ts';

let pki: TestPki;
let folder = '';
let peer: ProtocolPeer;
let open: { stop(): Promise<unknown> | void }[] = [];

beforeAll(async () => {
  pki = await createTestPki();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'casare-doctor-net-'));
  peer = await ProtocolPeer.start(pki);
  open = [peer];
});
afterEach(async () => {
  for (const server of open) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What the checks of these names say of an agent with this tunnel and environment, by name. */
async function look(names: CheckName[], env: NodeJS.ProcessEnv = {}, tunnelUrl = peer.url) {
  const home = writeEnrolledHome(join(folder, 'agent'), pki, { tunnelUrl }, env);
  const checks = await runChecks({ home, environment: env, now: Date.now, only: new Set(names) });
  return Object.fromEntries(checks.map((check) => [check.name, check])) as Record<CheckName, TimedCheck>;
}

async function proxy(options: ProxyOptions): Promise<string> {
  const started = await TestProxy.start(options);
  open.push(started);
  return started.url;
}

test('a way that works: each step says what it saw, and the gateway was greeted by nobody', async () => {
  const found = await look(['way out', 'resolution', 'tcp', 'proxy', 'interception', 'tunnel']);
  expect(Object.values(found).map(({ result }) => result)).toEqual(Array.from({ length: 6 }, () => 'ok'));
  expect(found.tunnel.found).toMatch(/both certificates are accepted, the WebSocket opens/);
  expect(found.proxy.found).toBe('none on the way');
  expect(peer.hellos).toEqual([]);
});

test.each<[string, ProxyOptions, string, RegExp]>([
  ['wants credentials', { credentials: 'a:b' }, 'PROXY_AUTH_REQUIRED', /--proxy-auth-file/],
  ['refuses the host', { answer: (socket) => void socket.end('HTTP/1.1 403 No\r\n\r\n') }, 'PROXY_REFUSED', /allowed/],
  ['is no proxy', { answer: (socket) => void socket.end('hello\r\n\r\n') }, 'PROXY_PROTOCOL', /address/],
])('a proxy that %s is named with what to do', async (_, options, code, fix) => {
  const found = await look(['proxy', 'tunnel'], { CASARE_PROXY: await proxy(options) });
  expect(found.proxy).toMatchObject({ code, result: 'failed', fix: expect.stringMatching(fix) as string });
  expect(found.tunnel.code).toBe(code);
});

test('a proxy that is not there, and one that NO_PROXY passes by', async () => {
  const gone = await look(['proxy'], { CASARE_PROXY: 'http://127.0.0.1:1' });
  expect(gone.proxy).toMatchObject({ code: 'PROXY_UNREACHABLE' });
  const passed = await look(['proxy'], { CASARE_PROXY: 'http://127.0.0.1:1', CASARE_NO_PROXY: '127.0.0.0/8' });
  expect(passed.proxy).toMatchObject({ result: 'ok', found: 'none on the way: CASARE_NO_PROXY leaves this host out' });
});

test('an inspecting proxy is found by the issuer that was seen', async () => {
  const inspecting = await proxy({ inspectsAs: inspectionCa('Acme Inspection') });
  const { interception } = await look(['interception'], { CASARE_PROXY: inspecting });
  expect(interception).toMatchObject({ code: 'TLS_INTERCEPTED', found: expect.stringMatching(/Acme/) as string });
});

test('a name that no resolver knows is named with the resolvers that were asked', async () => {
  const { resolution, tcp } = await look(['resolution', 'tcp'], {}, 'wss://gateway.invalid/tunnel');
  expect(resolution).toMatchObject({
    code: 'DNS_UNRESOLVED',
    found: expect.stringMatching(/^gateway\.invalid is not known \(E\w+\) by .+/) as string,
  });
  expect(tcp.code).toBe('UNREACHABLE');
});

test('localhost has its addresses; what has only IPv6 needs a machine that has it', async () => {
  expect(await checkName('localhost', false)).toMatchObject({ result: 'ok' });
});

test('a gateway that ends the WebSocket, or has none', async () => {
  const gateway = async (behave: (sockets: WebSocketServer) => void): Promise<string> => {
    const { createServer: createHttps } = await import('node:https');
    const server = createHttps(tunnelServerOptions(pki.gateway, [pki.agentRoot]), (_, response) => response.end('hi'));
    const sockets = new WebSocketServer({ noServer: true });
    behave(sockets);
    if (sockets.listenerCount('connection') > 0) {
      server.on('upgrade', (request, socket, head) =>
        sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client)),
      );
    }
    server.on('tlsClientError', () => undefined);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    open.push({
      stop: () => {
        server.closeAllConnections();
        server.close();
      },
    });
    return `wss://127.0.0.1:${(server.address() as AddressInfo).port}/tunnel`;
  };
  const locked = await gateway((sockets) =>
    sockets.on('connection', (socket) => socket.close(CLOSE.locked, 'the agent is locked')),
  );
  const { tunnel } = await look(['tunnel'], {}, locked);
  expect(tunnel).toMatchObject({
    code: 'TUNNEL_REFUSED',
    found: expect.stringMatching(/the agent is locked/) as string,
  });
  const { tunnel: none } = await look(['tunnel'], {}, await gateway(() => undefined));
  expect(none).toMatchObject({ code: 'TUNNEL_NO_UPGRADE' });
});

test('a gateway that does not take our certificate', async () => {
  const other = await createTestPki();
  const server = createServer(tunnelServerOptions(pki.gateway, [other.agentRoot]));
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  open.push({ stop: () => void server.close() });
  const url = `wss://127.0.0.1:${(server.address() as AddressInfo).port}/tunnel`;
  expect((await look(['tunnel'], {}, url)).tunnel).toMatchObject({ result: 'failed' });
});
