/** `casare keys`, `accounts` and `sessions` against a running control plane. */
import { expect, test } from 'vitest';
import { cliOfTests } from './testing.ts';

const cli = cliOfTests();

const casare = (...args: string[]) => cli.run(args);

test('a key is made, used, listed and revoked', async () => {
  const made = await casare('keys', 'create', 'ci', '--role', 'developer', '--scope', 'jobs:read', '--expires', '90d');
  expect(made.code, made.err).toBe(0);
  const key = made.out.trim();
  expect(key).toMatch(/^csk_[0-9a-f]{16}_[\w-]{43}$/);
  const id = key.split('_')[1]!;
  expect(made.err).toContain(`casare keys revoke ${id}`);
  const withKey = (...args: string[]) => casare('--url', cli.plane.url, '--api-key', key, ...args);
  expect((await withKey('jobs')).code).toBe(0);
  expect((await withKey('agents')).code).toBe(3);

  const listed = await casare('keys', 'list', '--all');
  expect(listed.out).toMatch(new RegExp(`${id}\\s+ci\\s.*developer: jobs:read\\s+active`));
  expect(listed.out).not.toContain(key.slice(21));

  expect(await casare('keys', 'revoke', id)).toMatchObject({ code: 0 });
  expect((await withKey('jobs')).code).toBe(3);
  expect((await casare('keys', 'list', '--ended')).out).toMatch(new RegExp(`${id}.*revoked`));
});

test.each([
  ['an unknown key is not found', ['revoke', '0123456789abcdef'], 4],
  ['an odd length of time is a mistake of the call', ['create', 'x', '--expires', 'soon'], 2],
  ['so is an unknown permission', ['create', 'x', '--scope', 'everything'], 2],
  ['and a name that would draw on a terminal', ['create', 'a\u001b[2Jb'], 2],
])('%s', async (_, args, code) => {
  expect((await casare('keys', ...args)).code).toBe(code);
});

test('a key is rotated: the new one is written alone, and the old one ends when it was said', async () => {
  const made = JSON.parse((await casare('keys', 'create', 'import', '--output', 'json')).out) as { id: string };
  const rotated = await casare('keys', 'rotate', made.id, '--grace', '12h');
  expect(rotated.out).toMatch(/^csk_[\w-]+\n$/);
  expect(rotated.err).toContain(`${made.id} ends at `);
  const { out } = await casare('keys', 'list');
  expect(out).toMatch(new RegExp(`^${made.id} +import .* ${rotated.out.slice(4, 20)}`, 'm'));
  expect(await casare('keys', 'rotate', made.id)).toMatchObject({ code: 1 });
  expect((await casare('keys', 'rotate', made.id, '--grace', '8d')).err).toContain('graceSeconds');
});

test('somebody is invited, given a role, disabled and enabled', async () => {
  const made = await casare('accounts', 'invite', 'new@acme.example', '--role', 'viewer', '--expires', '2d');
  expect(made.code, made.err).toBe(0);
  expect(made.out).toMatch(/\/invitation#token=[\w-]{43}\n$/);
  const row = /^(\S+)\s+new@acme\.example\s+viewer\s+all\s+invited\s+never/m.exec(
    (await casare('accounts', 'list')).out,
  );
  const id = row![1]!;
  expect((await casare('accounts', 'role', id, 'developer')).out).toMatch(/role\s+developer/);
  expect((await casare('accounts', 'disable', id)).out).toMatch(/state\s+disabled/);
  expect((await casare('accounts', 'enable', id)).out).toMatch(/state\s+invited/);
  expect((await casare('accounts', 'invite', 'new@acme.example', '--role', 'viewer')).err).toContain('ACCOUNT_EXISTS');
  expect((await casare('accounts', 'invite', 'x@acme.example')).code).toBe(2);
});

test('sessions are listed and ended', async () => {
  const body = JSON.stringify({ email: cli.plane.admin.email, password: cli.plane.admin.password });
  const headers = { 'content-type': 'application/json', 'user-agent': 'Browser/1' };
  const signIn = () => fetch(`${cli.plane.url}/api/v1/auth/login`, { method: 'POST', headers, body });
  for (const response of [await signIn(), await signIn()]) expect(response.status).toBe(200);
  const { out } = await casare('sessions', 'list', '--all');
  const id = /^(\S+)\s.*127\.0\.0\.1\s+Browser\/1/m.exec(out)![1]!;
  expect((await casare('sessions', 'end', id)).code).toBe(0);
  expect((await casare('sessions', 'end', id)).code).toBe(4);
  expect((await casare('sessions', 'end-others')).out).toBe('1 ended\n');
});
