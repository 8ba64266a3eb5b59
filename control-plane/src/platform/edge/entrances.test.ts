/**
 * Connections from balancers and from everybody else, by real sockets (security test 19): who must say whose
 * connection it is, who is never believed, and what becomes of the bytes around a PROXY header.
 */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openListener, type OpenListener } from '../http/listeners.ts';
import { createLog } from '../log.ts';
import { clientOf } from './client-address.ts';
import { ownPort } from './entrances.ts';
import { PROXY_HEADER_BYTES } from './proxy-header.ts';
import { parseSources } from './sources.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.99\r\nConnection: close\r\n\r\n';
const V1 = 'PROXY TCP4 192.0.2.1 203.0.113.5 56506 443\r\n';
const V2 = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000201cb007105dcba01bb', 'hex');
const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');

const OPENINGS = 20;
let lines: string[] = [];
let listener: OpenListener;
const answer: RequestListener = (request, response) => {
  const { address, port } = clientOf(request.socket);
  response.end(`${address} ${port}`);
};

async function open(sources: string | null, openingMs = 60_000): Promise<void> {
  const log = createLog({ level: 'info', name: 'test', destination: { write: (line) => void lines.push(line) } });
  const options = { log, sources: sources === null ? null : parseSources(sources), openings: OPENINGS, openingMs };
  listener = await openListener(
    createServer(answer),
    ownPort({ host: '127.0.0.1', port: 0, variable: 'TEST' }, options),
  );
}

beforeEach(() => {
  lines = [];
});
afterEach(() => listener.close(0));

/** Sends pieces one after the other, each on its own, and gives back the body of the answer, or null when there is none. */
async function ask(...pieces: readonly (string | Buffer)[]): Promise<string | null> {
  const socket = await dial();
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
  const closed = once(socket, 'close');
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
  await closed;
  return heard.startsWith('HTTP/1.1 200') ? heard.slice(heard.indexOf('\r\n\r\n') + 4) : null;
}

async function dial(): Promise<Socket> {
  const socket = connect({ port: listener.port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('from a listed source', () => {
  beforeEach(() => open('127.0.0.0/8'));

  test.each<[string, Buffer | string, RegExp]>([
    ['version 1', V1, /192\.0\.2\.1 56506/],
    ['version 2', V2, /192\.0\.2\.1 56506/],
    ["the balancer's own check", LOCAL, /127\.0\.0\.1 \d+/],
    ['an unknown family', 'PROXY UNKNOWN\r\n', /127\.0\.0\.1 \d+/],
  ])('%s says who the client is, whatever pieces it comes in', async (_, header, client) => {
    const bytes = Buffer.from(header);
    expect(await ask(Buffer.concat([bytes, Buffer.from(REQUEST)]))).toMatch(client);
    expect(await ask(bytes, REQUEST)).toMatch(client);
    const each = [...bytes, ...Buffer.from(REQUEST)].map((byte) => Buffer.from([byte]));
    expect(await ask(...each)).toMatch(client);
  });

  test('a second header is no header: its bytes are the client’s', async () => {
    expect(await ask(V1, 'PROXY TCP4 198.51.100.1 203.0.113.5 1 443\r\n', REQUEST)).toBe(null);
  });

  test.each<[string, string | Buffer]>([
    ['none', REQUEST],
    ['a malformed one', V1.replace('TCP4', 'TCP5')],
    ['version 1 without an end', `PROXY UNKNOWN ${'x'.repeat(2_000)}`],
    ['version 2 that announces too much', Buffer.concat([V2.subarray(0, 14), Buffer.from('ffff', 'hex')])],
    ['a ClientHello', Buffer.from('16030100', 'hex')],
  ])('%s: closed, without an answer', async (_, bytes) => {
    expect(await ask(bytes)).toBe(null);
    expect(lines.join('')).toContain('a connection was refused');
  });

  test('a look whether somebody listens is not worth a line, half a header is', async () => {
    for (const bytes of ['', 'PROXY TC']) {
      const socket = await dial();
      socket.resume().end(bytes);
      await once(socket, 'close');
      expect(lines.length, bytes).toBe(bytes === '' ? 0 : 1);
    }
    // One that breaks off.
    const broken = await dial();
    broken.resetAndDestroy();
    expect(await ask(V1, REQUEST)).toMatch(/192/);
    expect(lines.length).toBe(1);
  });

  test('the largest header is read', async () => {
    const rest = PROXY_HEADER_BYTES - 16;
    const fixed = Buffer.concat([V2.subarray(0, 14), Buffer.from([rest >> 8, rest & 0xff]), V2.subarray(16)]);
    const header = Buffer.concat([fixed, Buffer.alloc(PROXY_HEADER_BYTES - fixed.length)]);
    expect(await ask(header, REQUEST)).toMatch(/192\.0\.2\.1/);
  });

  test('half a header and then nothing: the oldest are dropped for others', async () => {
    const stalled: Socket[] = [];
    for (let n = 0; n < OPENINGS + 10; n++) {
      const socket = await dial();
      socket.resume().write('PROXY TCP4');
      stalled.push(socket);
    }
    await vi.waitFor(() => expect(stalled.slice(0, 10).every(({ destroyed }) => destroyed)).toBe(true));
    expect(await ask(V1, REQUEST)).toMatch(/192\.0\.2\.1/);
    for (const socket of stalled) socket.destroy();
  });
});

test('a header that takes too long is closed', async () => {
  await open('127.0.0.1', 50);
  const socket = await dial();
  socket.resume().write('PROXY ');
  await once(socket, 'close');
  expect(lines.join('')).toContain('it took too long');
});

test.each([null, '10.0.0.0/8, ::1'])('from an unlisted source (%s) no header is read', async (sources) => {
  await open(sources);
  expect(await ask(V1, REQUEST)).toBe(null);
  expect(await ask(V2, REQUEST)).toBe(null);
  expect(await ask(REQUEST)).toMatch(/^127\.0\.0\.1 \d+$/);
});

test('more connections than the service takes are closed, and the ones before go on', async () => {
  const server = createServer(answer);
  server.maxConnections = 2;
  listener = await openListener(server, ownPort({ host: '127.0.0.1', port: 0, variable: 'TEST' }));
  const [first, second, third] = [await dial(), await dial(), await dial()];
  await once(third.resume(), 'close');
  first.write(REQUEST);
  expect(String((await once(first, 'data'))[0])).toContain('200 OK');
  await once(first, 'close');
  expect(await ask(REQUEST)).toMatch(/127/);
  second.destroy();
});

test('a server that throws while it takes a connection loses that connection, and no other', async () => {
  const server = createServer(answer);
  let faults = 1;
  server.prependListener('connection', () => {
    if (faults-- > 0) throw new Error('a fault of a listener');
  });
  const log = createLog({ level: 'info', name: 'test', destination: { write: (line) => void lines.push(line) } });
  listener = await openListener(
    server,
    ownPort({ host: '127.0.0.1', port: 0, variable: 'TEST' }, { log, sources: null }),
  );
  expect(await ask(REQUEST)).toBe(null);
  expect(lines.join('')).toContain('a fault of a listener');
  expect(await ask(REQUEST)).toMatch(/127/);
});

test('what is no HTTP is answered as such', async () => {
  await open(null);
  const socket = await dial();
  socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
  expect(String((await once(socket, 'data'))[0])).toContain('400 Bad Request');
});

test('time for a head is bounded although the server itself never listens; connections are kept alive', async () => {
  const server = createServer({ headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 }, answer);
  listener = await openListener(server, ownPort({ host: '127.0.0.1', port: 0, variable: 'TEST' }));
  const slow = await dial();
  slow.write('GET / HTTP/1.1\r\n');
  expect(String((await once(slow, 'data'))[0])).toContain('408');
  const kept = await dial();
  for (const _ of [1, 2]) {
    kept.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(String((await once(kept, 'data'))[0])).toContain('200 OK');
  }
  kept.destroy();
});
