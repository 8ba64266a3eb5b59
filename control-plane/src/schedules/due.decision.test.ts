import type { CatchUp } from '@casare/shared/api';
import { expect, test } from 'vitest';
import { due, type Times } from './due.decision.ts';
import { onOverlap, QUEUED } from './overlap.decision.ts';

const H = 3_600_000;
const hourly: Times = {
  next: (after) => (Math.floor(after / H) + 1) * H,
  previous: (before) => (Math.ceil(before / H) - 1) * H,
};
const once: Times = {
  next: (after) => (after < 5 * H ? 5 * H : null),
  previous: (before) => (before > 5 * H ? 5 * H : null),
};
const all = (limit: number): CatchUp => ({ kind: 'all', limit });

test.each<[string, number, number, CatchUp, ReturnType<typeof due>]>([
  ['nothing before its time', 5 * H, 5 * H - 1, { kind: 'none' }, { run: [], missed: null, nextAt: 5 * H }],
  ['at its time', 5 * H, 5 * H, { kind: 'none' }, { run: [5 * H], missed: null, nextAt: 6 * H }],
  [
    'within a minute it is on time',
    5 * H,
    5 * H + 60_000,
    { kind: 'none' },
    { run: [5 * H], missed: null, nextAt: 6 * H },
  ],
  [
    'later it is missed',
    5 * H,
    5 * H + 60_001,
    { kind: 'none' },
    { run: [], missed: { from: 5 * H, until: 5 * H }, nextAt: 6 * H },
  ],
  [
    'none: several missed',
    5 * H,
    8.5 * H,
    { kind: 'none' },
    { run: [], missed: { from: 5 * H, until: 8 * H }, nextAt: 9 * H },
  ],
  [
    'none: the last is on time',
    5 * H,
    8 * H,
    { kind: 'none' },
    { run: [8 * H], missed: { from: 5 * H, until: 7 * H }, nextAt: 9 * H },
  ],
  ['last: one', 5 * H, 5.5 * H, { kind: 'last' }, { run: [5 * H], missed: null, nextAt: 6 * H }],
  [
    'last: of several',
    5 * H,
    8.5 * H,
    { kind: 'last' },
    { run: [8 * H], missed: { from: 5 * H, until: 7 * H }, nextAt: 9 * H },
  ],
  ['all', 5 * H, 7.5 * H, all(10), { run: [5 * H, 6 * H, 7 * H], missed: null, nextAt: 8 * H }],
  [
    'all: up to the limit',
    5 * H,
    9 * H,
    all(2),
    { run: [8 * H, 9 * H], missed: { from: 5 * H, until: 7 * H }, nextAt: 10 * H },
  ],
  ['all: the limit is met exactly', 5 * H, 6 * H, all(2), { run: [5 * H, 6 * H], missed: null, nextAt: 7 * H }],
  [
    'after years, as fast',
    5 * H,
    500_000 * H,
    all(1),
    { run: [500_000 * H], missed: { from: 5 * H, until: 499_999 * H }, nextAt: 500_001 * H },
  ],
])('%s', (_, nextAt, now, catchUp, expected) => {
  expect(due(nextAt, now, catchUp, hourly)).toEqual(expected);
});

test('the last time of all', () => {
  expect(due(5 * H, 5 * H, { kind: 'none' }, once)).toEqual({ run: [5 * H], missed: null, nextAt: null });
});

test('a time that the rules of its zone do not know any more is come to', () => {
  expect(due(5.2 * H, 5.5 * H, { kind: 'last' }, hourly)).toMatchObject({ run: [5.2 * H], missed: null });
});

test.each<[string, Parameters<typeof onOverlap>, Partial<ReturnType<typeof onOverlap>>]>([
  ['skip, nothing open', ['skip', 0, 3], { run: 3, cancel: false }],
  ['skip, one open', ['skip', 1, 3], { run: 0, code: 'STILL_RUNNING', cancel: false }],
  ['queue, some open', ['queue', 2, 3], { run: 3, cancel: false }],
  ['queue, nearly full', ['queue', QUEUED - 1, 3], { run: 1, code: 'QUEUE_FULL', cancel: false }],
  ['queue, full', ['queue', QUEUED + 1, 1], { run: 0, code: 'QUEUE_FULL' }],
  ['cancel, nothing open', ['cancel', 0, 1], { run: 1, cancel: false }],
  ['cancel, some open', ['cancel', 2, 1], { run: 1, cancel: true }],
])('overlap: %s', (_, args, expected) => {
  expect(onOverlap(...args)).toMatchObject(expected);
});
