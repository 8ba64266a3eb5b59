/** A name that leads elsewhere when it is dialled than when it was judged, by the client of `call: http` and real sockets. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTransport } from '../steps/http/transport.ts';
import { type Lookup, stepPolicyOf } from './step-policy.ts';

let server: Server;
let asked = 0;
beforeAll(async () => {
  server = createServer((_, response) => response.end(`answer ${(asked += 1)}`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function get(allow: string[], environment: Record<string, string> = {}): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://turning.example:${port}/`);
  let looked = 0;
  const look: Lookup = (_, __, done) => {
    looked += 1;
    done(null, [{ address: looked === 1 ? '203.0.113.7' : '127.0.0.1', family: 4 }]);
  };
  const policy = stepPolicyOf({ domains: { allow } }, { look });
  await policy.checkUrl(url.href);
  const send = createTransport(environment);
  const limits = { signal: AbortSignal.timeout(10_000), maxBytes: 1_000, onConnected: () => undefined };
  return send({ method: 'GET', url, headers: {}, body: null }, { ...limits, lookup: policy.lookupFor!(url.href) }).then(
    ({ body }) => body.toString(),
    (error: unknown) => (error as { code: string }).code,
  );
}

test('it is refused, and reaches nothing; where the address is allowed it is reached', async () => {
  expect(await get(['turning.example'])).toBe('POLICY_DOMAIN_REFUSED');
  expect(asked).toBe(0);
  expect(await get(['turning.example', '127.0.0.0/8'])).toBe('answer 1');
});
