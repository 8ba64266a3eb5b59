/** What the record shows of a value. */
import fc from 'fast-check';
import type { Json } from '@casare/shared/workflow';
import { expect, it } from 'vitest';
import { readable } from './readable.ts';

it.each<[string, Json, Json]>([
  ['a short value as it is', { a: [1, 'x', null], b: true }, { a: [1, 'x', null], b: true }],
  ['the beginning of a long text', 'x'.repeat(600), `${'x'.repeat(500)}… (600 characters)`],
  [
    'the beginning of a long list',
    Array.from({ length: 60 }, () => 1),
    [...Array.from({ length: 50 }, () => 1), '… (10 more)'],
  ],
])('is %s', (_, value, shown) => {
  expect(readable(value)).toEqual(shown);
});

it('is bounded, whatever the value is', () => {
  const deep = JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as Json;
  const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`${n}${'k'.repeat(300)}`, 'v'.repeat(900)]));
  for (const value of [deep, wide, Array.from({ length: 60 }, () => wide)]) {
    expect(JSON.stringify(readable(value)).length).toBeLessThanOrEqual(8_000);
  }
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), (text) => {
      expect(JSON.stringify(readable(JSON.parse(text) as Json)).length).toBeLessThanOrEqual(8_000);
    }),
  );
});
