/** `casare alerts` against a running control plane. */
import { expect, test } from 'vitest';
import { cliOfTests } from './testing.ts';

const cli = cliOfTests();

const casare = (...args: string[]) => cli.run(['alerts', ...args]);

test('a channel and a rule are made, listed, tried, disabled and removed', async () => {
  const made = await casare('channels', 'create', 'on call', '--webhook', 'https://127.0.0.1:1/hook');
  expect(made.code, made.err).toBe(0);
  expect(made.out).toMatch(/^[0-9a-f-]{36}\nsecret: \S+\n$/);
  expect((await casare('channels', 'list')).out).toMatch(/on call +webhook +https:\/\/127\.0\.0\.1:1\/…/);
  expect((await casare('channels', 'list')).out).not.toContain(made.out.split('secret: ')[1]!.trim());
  // The control plane does not call this machine for a tenant.
  expect((await casare('channels', 'test', 'on call')).out).toMatch(/^not delivered: /);
  const rule = [
    'rules',
    'create',
    'silent agents',
    '--kind',
    'agent.offline',
    '--channel',
    'on call',
    '--minutes',
    '5',
  ];
  const ruled = await casare(...rule);
  expect(ruled.code, ruled.err).toBe(0);
  expect((await casare('rules', 'list')).out).toMatch(/silent agents +agent\.offline +5 min .*yes/);
  expect((await casare('rules', 'disable', 'silent agents')).out).toBe('silent agents is disabled\n');
  expect((await casare('list', '--open')).code).toBe(0);
  expect((await casare('rules', 'delete', 'silent agents')).code).toBe(0);
  expect((await casare('channels', 'delete', 'on call')).code).toBe(0);
  expect((await casare('channels', 'list')).out).not.toContain('on call');
});

test.each<[string, string[], number, string]>([
  ['a channel is one of two', ['channels', 'create', 'a'], 2, '--email or --webhook'],
  ['an address is one', ['channels', 'create', 'a', '--email', 'nobody'], 2, 'to.0'],
  ['a rule has a kind', ['rules', 'create', 'a', '--channel', 'b'], 2, '--kind'],
  [
    'and a channel that is there',
    ['rules', 'create', 'a', '--kind', 'job.failed', '--channel', 'b'],
    4,
    'ALERT_CHANNEL_NOT_FOUND',
  ],
  ['a rule that is not there', ['rules', 'enable', 'b'], 4, 'ALERT_RULE_NOT_FOUND'],
])('%s', async (_, args, code, says) => {
  const result = await casare(...args);
  expect([result.code, result.err]).toEqual([code, expect.stringContaining(says)]);
});
