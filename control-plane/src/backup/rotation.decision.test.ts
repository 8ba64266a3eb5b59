import { expect, test } from 'vitest';
import { outdated, rotationStem } from './rotation.decision.ts';

test('a name says when, and sorts by it', () => {
  expect(rotationStem(new Date('2026-11-26T03:04:05.678Z'))).toBe('casare-20261126T030405Z');
});

test('the newest stay, whatever else lies there', () => {
  const days = ['03', '01', '02', '04'].map((day) => `casare-202611${day}T030000Z.backup`);
  const others = [
    'casare-20200101T000000Z.keys',
    'casare-mine.backup',
    'notes.txt',
    'casare-20200101T000000Z.backup.tmp',
  ];
  expect(outdated([...days, ...others], 2)).toEqual(['casare-20261101T030000Z', 'casare-20261102T030000Z']);
  expect(outdated(days, 4)).toEqual([]);
  expect(outdated([], 1)).toEqual([]);
});
