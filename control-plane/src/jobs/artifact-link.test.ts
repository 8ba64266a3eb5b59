import { expect, test } from 'vitest';
import { linkToken, tenantOfLink } from './artifact-link.ts';

const key = new Uint8Array(32).fill(1);
const id = '0198a7c0-1000-7000-8000-00000000000a';
const linked = { tenant: 'a', id, end: 1_000 };
const token = linkToken(key, linked);
const [end, tenant, mac] = token.split('.') as [string, string, string];

test('a link opens what it was made for until its end', () => {
  expect(tenantOfLink(key, id, token, 999_999)).toBe('a');
  expect(tenantOfLink(key, id.toUpperCase(), token, 0)).toBe('a');
  expect(tenantOfLink(key, id, token, 1_000_000)).toBeNull();
});

/** The last character of 32 bytes in base64 has two bits that mean nothing. */
const sameBytes = `${mac.slice(0, -1)}${String.fromCharCode(mac.charCodeAt(42) + 1)}`;

test.each([
  ['another end', `2000.${tenant}.${mac}`],
  ['an end written otherwise', `01000.${tenant}.${mac.slice(0, -1)}x`],
  ['another tenant', `${end}.b.${mac}`],
  ['another MAC', `${end}.${tenant}.${'A'.repeat(43)}`],
  ['a MAC that is written otherwise', `${end}.${tenant}.${sameBytes}`],
  ['a shorter MAC', `${end}.${tenant}.${mac.slice(1)}`],
  ['no MAC', `${end}.${tenant}.`],
  ['nothing', ''],
])('with %s it opens nothing', (_, changed) => {
  expect(tenantOfLink(key, id, changed, 0)).toBeNull();
});

test('nor under another key, for another artifact, or with its parts shifted', () => {
  expect(tenantOfLink(new Uint8Array(32).fill(2), id, token, 0)).toBeNull();
  expect(tenantOfLink(key, id.replace('a', 'b'), token, 0)).toBeNull();
  expect(tenantOfLink(key, `${id}\n1000`, `1000.a.${mac}`, 0)).toBeNull();
});
