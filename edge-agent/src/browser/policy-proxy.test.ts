/** The browser's way out, asked by a plain client: where a name leads is judged when it is dialled. */
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type LookupFunction } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PolicyProxy, REFUSED_HEADER, startPolicyProxy } from './policy-proxy.ts';

let server: Server;
let proxy: PolicyProxy;
const refused: string[] = [];
/** The name of the first is turned away, that of the second leads to the server. */
const lookup: LookupFunction = (name, options, done) => {
  const error = Object.assign(new Error('turned'), { code: 'POLICY_DOMAIN_REFUSED' });
  if (name === 'turning.example') done(error, '', 0);
  else if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
};
beforeAll(async () => {
  server = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startPolicyProxy({
    check: () => Promise.resolve(),
    lookupFor: () => lookup,
    refused: (url) => refused.push(new URL(url).hostname),
    env: {},
  });
});
afterAll(async () => {
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
});

/** Status, and whether the answer is the policy's own word. */
function ask(host: string, method: 'GET' | 'CONNECT'): Promise<[number | undefined, boolean]> {
  const { hostname, port } = new URL(proxy.url);
  const authority = `${host}:${(server.address() as AddressInfo).port}`;
  return new Promise((resolve, reject) => {
    const asking = request({ hostname, port, method, path: method === 'GET' ? `http://${authority}/` : authority });
    asking.once('error', reject);
    asking.once('response', (answer) => {
      answer.resume();
      resolve([answer.statusCode, REFUSED_HEADER in answer.headers]);
    });
    asking.once('connect', (answer, socket) => {
      socket.destroy();
      resolve([answer.statusCode, REFUSED_HEADER in answer.headers]);
    });
    asking.end();
  });
}

test.each(['GET', 'CONNECT'] as const)('%s', async (method) => {
  refused.length = 0;
  expect(await ask('turning.example', method)).toEqual([403, true]);
  expect(refused).toEqual(['turning.example']);
  expect(await ask('steady.example', method)).toEqual([200, false]);
  expect(refused).toEqual(['turning.example']);
});

/** What is answered to a request as it is written here. */
function say(text: string, to = proxy): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(to.url).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.once('error', reject).once('close', () => resolve(answer));
  });
}

test.each([
  ['a trailer without chunks', 'HTTP/1.1 200 OK\r\ntrailer: x\r\ncontent-length: 2\r\n\r\nhi', 200],
  ['a status that is none', 'HTTP/1.1 000 No\r\ncontent-length: 2\r\n\r\nhi', 502],
])('an answer with %s, which Node would not write, ends no process', async (_, answer, status) => {
  const hostile = createTcpServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve));
  const authority = `steady.example:${(hostile.address() as AddressInfo).port}`;
  const said = await say(`GET http://${authority}/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  expect(said).toContain(`HTTP/1.1 ${status} `);
  await new Promise((resolve) => hostile.close(resolve));
});

test('a request that announces a trailer without chunks ends no process', async () => {
  const authority = `steady.example:${(server.address() as AddressInfo).port}`;
  const head = `GET http://${authority}/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntrailer: x\r\n\r\n`;
  expect(await say(head)).toMatch(/^HTTP\/1\.1 200 /);
});

test('a password of the environment with a bare % in it is that password', async () => {
  let given = '';
  const upstream = createServer((asked, response) => {
    given = asked.headers['proxy-authorization'] ?? '';
    response.end('by upstream');
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const env = { HTTP_PROXY: `http://me:100%@127.0.0.1:${(upstream.address() as AddressInfo).port}` };
  const through = await startPolicyProxy({ check: () => Promise.resolve(), refused: () => undefined, env });
  const text = 'GET http://far.example/ HTTP/1.1\r\nhost: far.example\r\nconnection: close\r\n\r\n';
  expect(await say(text, through)).toContain('by upstream');
  expect(Buffer.from(given.replace('Basic ', ''), 'base64').toString()).toBe('me:100%');
  await through.close();
  await new Promise((resolve) => upstream.close(resolve));
});
