/** `casare secrets` against a running control plane. */
import { expect, test } from 'vitest';
import type { SecretInput } from './secret-input.ts';
import { cliOfTests } from './testing.ts';

const CANARY = 'canary-of-the-cli';
const cli = cliOfTests();

const piped = (text: string): SecretInput => ({
  interactive: false,
  read: () => Promise.resolve(text),
  ask: () => Promise.reject(new Error('nobody is there')),
});
function typed(...lines: string[]): SecretInput {
  return {
    interactive: true,
    read: () => Promise.reject(new Error('nothing is piped')),
    ask: () => Promise.resolve(lines.shift()!),
  };
}
const casare = (input: SecretInput, ...args: string[]) => cli.run(['secrets', ...args], { input });

test('a secret is piped in, described, listed and deleted, and never shown', async () => {
  const rules = [
    '--step',
    'browser.fill',
    '--step',
    'http',
    '--origin',
    'https://Portal.example.com',
    '--replace-after',
    '90d',
  ];
  const stored = await casare(piped(`${CANARY}\n`), 'set', 'portal', '--description', 'the portal', ...rules);
  expect(stored.code, stored.err).toBe(0);
  expect(stored.out).toMatch(/browser\.fill, http[^]*https:\/\/portal\.example\.com[^]*after 90 days/);
  const map = await casare(piped(`{"user":"ann","password":"${CANARY}"}`), 'set', 'portal', '--map');
  expect(map.out).toMatch(/version +2/);
  const list = await casare(piped(''), 'list');
  expect(list.out).toMatch(
    /portal +2 +server .*never +browser\.fill http +https:\/\/portal\.example\.com +after 90 days +the portal/,
  );
  const versions = await casare(piped(''), 'versions', 'portal');
  expect(versions.out).toMatch(/^2 .*\n1 .*/m);
  for (const { out, err } of [stored, map, list, versions]) expect(out + err).not.toContain(CANARY);

  expect(await casare(piped(''), 'delete', 'portal', '--version', '1')).toMatchObject({ code: 0 });
  expect(await casare(piped(''), 'delete', 'portal')).toMatchObject({ code: 0, out: 'portal is deleted.\n' });
  expect((await casare(piped(''), 'delete', 'portal')).code).toBe(4);
});

test('a value is typed twice', async () => {
  expect(await casare(typed(CANARY, CANARY), 'set', 'typed')).toMatchObject({ code: 0 });
  expect(await casare(typed(CANARY, 'other'), 'set', 'typed')).toMatchObject({ code: 2 });
  expect(
    await casare(typed('a-user', 'a-user', CANARY, CANARY), 'set', 'typed', '--member', 'user', '--member', 'password'),
  ).toMatchObject({ code: 0 });
});

test('what is said may change alone, and not to allow more', async () => {
  await casare(piped('value'), 'set', 'ruled', '--origin', 'https://a.example');
  expect(await casare(piped(''), 'set', 'ruled', '--about', '--description', 'new words')).toMatchObject({ code: 0 });
  const wider = await casare(piped(''), 'set', 'ruled', '--about', '--any-origin');
  expect(wider).toMatchObject({ code: 3, err: expect.stringContaining('SECRET_VALUE_NEEDED') as string });
});

test.each([
  ['no value', '', ['set', 'x']],
  ['no JSON', `{${CANARY}`, ['set', 'x', '--map']],
  ['a list', `["${CANARY}"]`, ['set', 'x', '--map']],
  ['an address for an origin', CANARY, ['set', 'x', '--origin', 'https://a.example/path']],
  ['both of two', CANARY, ['set', 'x', '--origin', 'https://a.example', '--any-origin']],
  ['nothing to change', '', ['set', 'x', '--about']],
  ['a member with nobody to type it', CANARY, ['set', 'x', '--member', 'a']],
])('%s is a mistake of the call that quotes nothing', async (_, text, args) => {
  const { code, out, err } = await casare(piped(text), ...args);
  expect(code).toBe(2);
  expect(out + err).not.toContain(CANARY);
});

test('the value is no argument', async () => {
  expect((await casare(piped('value'), 'set', 'x', CANARY)).code).toBe(2);
});

test('the master key is rotated', async () => {
  await casare(piped('value'), 'set', 'kept');
  const first = await casare(piped(''), 'rotate-master');
  expect(first.out, first.err).toMatch(/^All secrets are under file:[0-9a-f]{16}\.$/m);
  expect((await casare(piped(''), 'rotate-master')).out).not.toBe(first.out);
});
