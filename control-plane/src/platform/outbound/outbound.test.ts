/** Calls to real servers on loopback, which the test allows; what is refused is `test/security/outbound.test.ts`. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Fault } from '../errors.ts';
import { OutboundAllowed } from './allowed.ts';
import { Outbound } from './outbound.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let seen: Seen[] = [];
let answer: (request: Seen, response: ServerResponse) => void;
let url: string;
let port: number;
const server = createServer((request, response) => {
  void (async () => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const one = { method: request.method!, path: request.url!, headers: request.headers, body };
    seen.push(one);
    answer(one, response);
  })();
});
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ({ port } = server.address() as AddressInfo);
  url = `http://127.0.0.1:${port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen = [];
  answer = (_, response) => void response.end('well');
});

const resolve = () => Promise.resolve(['127.0.0.1']);
const outbound = new Outbound({ allowed: OutboundAllowed.parse('http://127.0.0.1')!, resolve });

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

test('a call is sent as it was asked for, and its answer given', async () => {
  answer = (_, response) => void response.writeHead(201, { 'x-one': '1' }).end('made');
  const { status, headers, body } = await outbound.call(`${url}/a?b=c`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'hello',
  });
  expect([status, headers.get('x-one'), body.toString()]).toEqual([201, '1', 'made']);
  expect(seen).toMatchObject([
    { method: 'POST', path: '/a?b=c', body: 'hello', headers: { host: `127.0.0.1:${port}` } },
  ]);
});

test('as a fetch, for libraries', async () => {
  const response = await outbound.fetch(`${url}/token`, { method: 'POST', body: new URLSearchParams({ a: 'b' }) });
  expect([response.status, await response.text(), seen[0]!.body]).toEqual([200, 'well', 'a=b']);
});

test('a redirect is the answer, or is followed as often as was said; what changed is not sent again', async () => {
  answer = ({ path }, response) => {
    const left = Number(path.slice(1));
    if (left === 0) response.end('there');
    else response.writeHead(303, { location: `/${left - 1}` }).end();
  };
  expect((await outbound.call(`${url}/2`)).status).toBe(303);
  seen = [];
  const sent = { method: 'POST', body: 'x', headers: { authorization: 'a', 'content-type': 'text/plain' } } as const;
  expect((await outbound.call(`${url}/2`, { ...sent, redirects: 2 })).body.toString()).toBe('there');
  expect(seen.map(({ method, body }) => [method, body])).toEqual([
    ['POST', 'x'],
    ['GET', ''],
    ['GET', ''],
  ]);
  expect(seen[2]!.headers).toMatchObject({ authorization: 'a' });
  expect(seen[2]!.headers).not.toHaveProperty('content-type');
  expect(await codeOf(outbound.call(`${url}/3`, { redirects: 2 }))).toBe('OUTBOUND_REDIRECTS');
});

test('another origin is told no credentials', async () => {
  answer = ({ headers }, response) => {
    if (headers.host!.startsWith('other')) response.end();
    else response.writeHead(307, { location: `http://other.example:${port}/` }).end();
  };
  const headers = { authorization: 'a', cookie: 'b', 'x-kept': 'c' };
  await outbound.call(url, { method: 'POST', body: 'x', headers, redirects: 1 });
  expect(seen[1]).toMatchObject({ method: 'POST', body: 'x', headers: { 'x-kept': 'c' } });
  expect(Object.keys(seen[1]!.headers)).not.toContain('authorization');
  expect(Object.keys(seen[1]!.headers)).not.toContain('cookie');
});

test('an answer that is too large, never comes, or never ends', async () => {
  answer = (_, response) => void response.end(Buffer.alloc(1_001));
  expect(await codeOf(outbound.call(url, { maxBytes: 1_001 }))).toBe('OK');
  expect(await codeOf(outbound.call(url, { maxBytes: 1_000 }))).toBe('OUTBOUND_TOO_LARGE');
  answer = () => undefined;
  expect(await codeOf(outbound.call(url, { timeoutMs: 50 }))).toBe('OUTBOUND_TIMEOUT');
  answer = (_, response) => void response.write('a');
  expect(await codeOf(outbound.call(url, { timeoutMs: 50 }))).toBe('OUTBOUND_TIMEOUT');
});

test.each([
  'ftp://127.0.0.1/',
  'file:///etc/passwd',
  'http://user:pass@127.0.0.1/',
  '/path',
  `http://127.0.0.1/${'a'.repeat(2_048)}`,
])('%s is no address to call', async (text) => {
  expect(await codeOf(outbound.call(text))).toBe('OUTBOUND_URL');
});

test('a server that is not there; a second address is tried', async () => {
  const closed = createServer();
  await once(closed.listen(0, '127.0.0.1'), 'listening');
  const dead = (closed.address() as AddressInfo).port;
  await new Promise((done) => closed.close(done));
  expect(await codeOf(outbound.call(`http://127.0.0.1:${dead}/`))).toBe('OUTBOUND_FAILED');
  // Nothing listens on the first one at this port.
  const both = new Outbound({
    allowed: OutboundAllowed.parse('http://127.0.0.0/8')!,
    resolve: () => Promise.resolve(['127.0.0.9', '127.0.0.1']),
  });
  expect((await both.call(`http://two.example:${port}/`)).body.toString()).toBe('well');
});
