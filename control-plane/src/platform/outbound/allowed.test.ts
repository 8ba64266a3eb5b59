import { expect, test } from 'vitest';
import { OutboundAllowed } from './allowed.ts';

const target = (host: string, port = 443, plain = false) => ({ host, port, plain });

test.each([
  ['', 'a.example', '8.8.8.8', null],
  ['', 'a.example', '10.0.0.1', 'private'],
  ['10.0.0.0/8', 'a.example', '10.0.0.1', null],
  ['10.0.0.0/8', 'a.example', '::ffff:10.0.0.1', null],
  ['10.0.0.0/8', 'a.example', '11.0.0.1', null],
  ['10.0.0.0/8', 'a.example', '192.168.0.1', 'private'],
  ['10.0.0.0/8:8200', 'a.example', '10.0.0.1', 'private'],
  ['10.0.0.0/8:443', 'a.example', '10.0.0.1', null],
  ['vault.internal', 'vault.internal', '10.0.0.1', null],
  ['VAULT.internal:443', 'vault.internal', '10.0.0.1', null],
  ['vault.internal:8200', 'vault.internal', '10.0.0.1', 'private'],
  ['vault.internal', 'evil-vault.internal', '10.0.0.1', 'private'],
  ['vault.internal', 'x.vault.internal', '10.0.0.1', 'private'],
  ['[fd00::/8]:443', 'a.example', 'fd12::1', null],
  ['fd00::/8', 'a.example', 'fd12::1', null],
  // Credentials of a cloud: by their own address alone.
  ['0.0.0.0/0,169.254.0.0/16,a.example', 'a.example', '169.254.169.254', 'metadata'],
  ['169.254.169.254', 'a.example', '169.254.169.254', null],
])('allowed %j: %s at %s is %s', (list, host, address, expected) => {
  const allowed = list === '' ? new OutboundAllowed() : OutboundAllowed.parse(list)!;
  expect(allowed.objection(target(host), address)).toBe(expected);
});

test.each([
  ['', '8.8.8.8', 'plain'],
  ['a.example', '8.8.8.8', 'plain'],
  ['http://a.example', '8.8.8.8', null],
  ['http://a.example', '127.0.0.1', null],
  ['http://127.0.0.1', '127.0.0.1', null],
  ['127.0.0.1', '127.0.0.1', 'plain'],
  ['http://a.example:81', '8.8.8.8', 'plain'],
])('allowed %j: without TLS at %s is %s', (list, address, expected) => {
  const allowed = list === '' ? new OutboundAllowed() : OutboundAllowed.parse(list)!;
  expect(allowed.objection(target('a.example', 80, true), address)).toBe(expected);
});

test.each([
  '',
  ',',
  '10.0.0.0/33',
  '10.0.0',
  '0x7f.1',
  'a:0',
  'a:99999',
  'a b',
  '*.internal',
  'a/8',
  'fd00::/129',
  '[a]x',
])('%j is no list', (text) => {
  expect(OutboundAllowed.parse(text)).toBe(null);
});

test('a list has an end', () => {
  expect(OutboundAllowed.parse(Array(100).fill('a').join())).not.toBe(null);
  expect(OutboundAllowed.parse(Array(101).fill('a').join())).toBe(null);
});
