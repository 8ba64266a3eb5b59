/** The browser's way out, asked by a plain client: where a name leads is judged when it is dialled. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
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
