/** `casare healthcheck` against a control plane; with TLS on one port, and of a signer, see `test/system/images.test.ts`. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { startTestControlPlane } from '../testing.ts';
import { cliOfTests } from './testing.ts';

const cli = cliOfTests();

const healthcheck = (env: Record<string, string>, args: string[] = []) =>
  cli.run(['healthcheck', ...args], { env: { CASARE_DATABASE_URL: '', ...env } });

test('a control plane that serves is healthy, also for one that listens everywhere behind a proxy', async () => {
  const { port } = new URL(cli.plane.url);
  expect(await healthcheck({ CASARE_WEB_PORT: port })).toEqual({ code: 0, out: '', err: '' });
  const everywhere = { CASARE_HOST: '0.0.0.0', CASARE_PUBLIC_WEB_URL: 'https://casare.example' };
  expect((await healthcheck({ CASARE_WEB_PORT: port, ...everywhere })).code).toBe(0);
});

test('where this machine is listed as a balancer, it sends the header that is required of one', async () => {
  const env = { CASARE_PROXY_SOURCES: '127.0.0.0/8' };
  const plane = await startTestControlPlane(env);
  try {
    const { port } = new URL(plane.url);
    expect(await healthcheck({ CASARE_WEB_PORT: port, ...env })).toEqual({ code: 0, out: '', err: '' });
    // It is required: without one there is no answer.
    expect((await healthcheck({ CASARE_WEB_PORT: port })).code).toBe(1);
  } finally {
    await plane.close();
  }
});

test('what is not ready, does not answer, or is no signer is not, with one line that says why', async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/readyz' ? 503 : 200).end('{"status":"not ready"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = String((server.address() as AddressInfo).port);
  expect(await healthcheck({ CASARE_WEB_PORT: port })).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^NOT_HEALTHY: .*503[^\n]*not ready[^\n]*\n$/) as string,
  });
  server.close();
  await once(server, 'close');
  expect(await healthcheck({ CASARE_WEB_PORT: port })).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^NOT_HEALTHY: [^\n]*ECONNREFUSED[^\n]*\n$/) as string,
  });
  expect(await healthcheck({}, ['--signer', cli.at('signer.sock')])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^NOT_HEALTHY: The signer at [^\n]*\n$/) as string,
  });
});
