import { expect, test } from 'vitest';
import { parseSources } from './sources.ts';

test('addresses and networks of both versions', () => {
  const sources = parseSources('10.1.0.0/16, 192.0.2.7,2001:db8::/32, ::1')!;
  for (const listed of ['10.1.2.3', '192.0.2.7', '::ffff:10.1.2.3', '2001:db8:1::5', '::1']) {
    expect(sources.has(listed), listed).toBe(true);
  }
  for (const other of ['10.2.0.1', '192.0.2.8', '2001:db9::1', '::2', '127.0.0.1', '', 'localhost']) {
    expect(sources.has(other), other).toBe(false);
  }
  expect(parseSources('0.0.0.0/0')!.has('203.0.113.9')).toBe(true);
  expect(parseSources('0.0.0.0/0')!.has('2001:db8::1')).toBe(false);
});

test.each([
  '',
  '10.0.0.0/33',
  '::/129',
  '10.0.0.0/',
  '10.0.0/8',
  'balancer.example',
  '10.0.0.0/08',
  '1.2.3.4,,5.6.7.8',
  '*',
])('%j is no list', (text) => expect(parseSources(text)).toBeNull());

test('a list has an end', () => {
  expect(parseSources(Array.from({ length: 100 }, () => '10.0.0.1').join())).not.toBeNull();
  expect(parseSources(Array.from({ length: 101 }, () => '10.0.0.1').join())).toBeNull();
});
