/** Ranges and preconditions by RFC 9110, one row for each rule. */
import { expect, test } from 'vitest';
import { sentOf, type Asked } from './range.decision.ts';

const etag = '"abc"';
const ten = { etag, bytes: 10 };
const get = (more: Omit<Asked, 'method'>, method = 'GET') => sentOf({ method, ...more }, ten);
const part = (start: number, end: number) => ({ status: 206, range: { start, end } });
const whole = { status: 200, range: null };

test.each([
  ['bytes=0-0', part(0, 0)],
  ['bytes=0-', part(0, 9)],
  ['bytes=3-5', part(3, 5)],
  ['bytes=3-99', part(3, 9)],
  ['BYTES= 9-', part(9, 9)],
  ['bytes=-3', part(7, 9)],
  ['bytes=-99', part(0, 9)],
  ['bytes=10-', { status: 416 }],
  ['bytes=10-20', { status: 416 }],
  ['bytes=999999999999999-', { status: 416 }],
  ['bytes=-0', { status: 416 }],
  // What is no range, is of another unit or asks for several: the whole.
  ['bytes=5-3', whole],
  ['bytes=-', whole],
  ['bytes=', whole],
  ['bytes=a-b', whole],
  ['bytes=0x1-2', whole],
  ['bytes=1e1-', whole],
  ['bytes=0-1,3-4', whole],
  ['bytes=9999999999999999-', whole],
  ['lines=1-2', whole],
  ['', whole],
])('of ten bytes %j', (range, expected) => {
  expect(get({ range })).toEqual(expected);
});

test('of an empty file there is no range', () => {
  const empty = { etag, bytes: 0 };
  expect(sentOf({ method: 'GET' }, empty)).toEqual(whole);
  for (const range of ['bytes=0-', 'bytes=-1'])
    expect(sentOf({ method: 'GET', range }, empty)).toEqual({ status: 416 });
});

test.each([
  [{ range: 'bytes=1-2', ifRange: etag }, part(1, 2)],
  [{ range: 'bytes=1-2', ifRange: '"other"' }, whole],
  [{ range: 'bytes=1-2', ifRange: 'W/"abc"' }, whole],
  [{ range: 'bytes=1-2', ifRange: 'Wed, 21 Oct 2026 07:28:00 GMT' }, whole],
  [{ range: 'bytes=10-', ifRange: '"other"' }, whole],
  [{ ifNoneMatch: etag }, { status: 304 }],
  [{ ifNoneMatch: 'W/"abc"' }, { status: 304 }],
  [{ ifNoneMatch: '"x", "abc"' }, { status: 304 }],
  [{ ifNoneMatch: '*' }, { status: 304 }],
  [{ ifNoneMatch: '"x"' }, whole],
  [{ ifNoneMatch: etag, range: 'bytes=1-2' }, { status: 304 }],
  [{ ifMatch: etag }, whole],
  [{ ifMatch: '*' }, whole],
  [{ ifMatch: '"x"' }, { status: 412 }],
  [{ ifMatch: 'W/"abc"' }, { status: 412 }],
  [{ ifMatch: '"x"', ifNoneMatch: etag }, { status: 412 }],
])('with %j', (headers, expected) => {
  expect(get(headers)).toEqual(expected);
});

test('a range of what is not fetched is ignored', () => {
  expect(get({ range: 'bytes=1-2' }, 'HEAD')).toEqual(whole);
  expect(get({ ifNoneMatch: etag }, 'HEAD')).toEqual({ status: 304 });
});
