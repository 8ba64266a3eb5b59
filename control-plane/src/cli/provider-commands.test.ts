/** `casare provider` against a running control plane, and a server of keys as an issuer of tokens has one. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cliOfTests } from './testing.ts';

const cli = cliOfTests({ CASARE_OUTBOUND_ALLOW: 'http://127.0.0.1' });
let issuer: Server;
beforeAll(async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = JSON.stringify({
    keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256', use: 'sig' }],
  });
  issuer = createServer((_, response) => response.setHeader('content-type', 'application/json').end(keys));
  await once(issuer.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  issuer.closeAllConnections();
  issuer.close();
});

const casare = (...args: string[]) => cli.run(['provider', ...args]);
async function described(name: string, content: object): Promise<string> {
  const file = cli.at(name);
  await writeFile(file, JSON.stringify(content));
  return file;
}
const roles = [{ group: 'ops', role: 'operator' }];

test('a provider is added, listed, changed and removed', async () => {
  const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  const file = await described('jwt.json', { kind: 'jwt', name: 'Acme', issuer: url, audience: 'casare', roles });
  const made = await casare('create', file);
  expect(made.code, made.err).toBe(0);
  expect((await casare('list')).out).toMatch(/Acme +jwt +http:\/\/127\.0\.0\.1:\d+ +casare +ops=operator/);
  const change = await described('change.json', { roles: [{ group: 'staff', role: 'viewer' }] });
  expect((await casare('change', 'Acme', change)).out).toBe(made.out);
  expect((await casare('list')).out).toMatch(/staff=viewer/);
  expect((await casare('delete', 'Acme')).code).toBe(0);
  expect((await casare('list')).out).not.toContain('Acme');
});

test('what is wrong is said: a file without a secret, an address that is not called, a name that nobody has', async () => {
  const oidc = { kind: 'oidc', name: 'A', issuer: 'http://127.0.0.2:1', clientId: 'x', roles };
  const file = await described('oidc.json', oidc);
  expect(await casare('create', file)).toMatchObject({
    code: 2,
    err: expect.stringContaining('clientSecret') as string,
  });
  const secret = cli.at('secret');
  await writeFile(secret, 'canary-4711\n');
  const refused = await casare('create', file, '--secret-file', secret);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('OUTBOUND_REFUSED')]);
  expect(refused.out + refused.err).not.toContain('canary-4711');
  expect(await casare('delete', 'nobody')).toMatchObject({
    code: 4,
    err: expect.stringContaining('PROVIDER_NOT_FOUND') as string,
  });
});
