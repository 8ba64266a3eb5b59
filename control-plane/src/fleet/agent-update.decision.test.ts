import { expect, test } from 'vitest';
import { differenceOf, termsAfter } from './agent-update.decision.ts';

const now = { name: 'press', site: 'plant-1', grants: ['erp', 'ring=early'] };

test('what is left out stays as it is, and null is no site', () => {
  expect(termsAfter(now, { name: 'press-7' })).toEqual({ ...now, name: 'press-7' });
  expect(termsAfter(now, { site: null })).toEqual({ ...now, site: null });
});

test('grants are replaced, or some come and some go; each is there once', () => {
  expect(termsAfter(now, { grants: ['a', 'a'] })).toEqual({ ...now, grants: ['a'] });
  expect(termsAfter(now, { grants: [] })).toEqual({ ...now, grants: [] });
  expect(termsAfter(now, { addGrants: ['erp', 'b'], removeGrants: ['ring=early', 'none'] })).toEqual({
    ...now,
    grants: ['erp', 'b'],
  });
  // What goes and comes in one update has come.
  expect(termsAfter(now, { addGrants: ['erp'], removeGrants: ['erp'] })).toEqual({
    ...now,
    grants: ['ring=early', 'erp'],
  });
});

test('no more grants than an agent may have', () => {
  const many = (n: number) => Array.from({ length: n }, (_, index) => `g${index}`);
  expect(termsAfter(now, { addGrants: many(49) })).toBe('full');
  expect(termsAfter(now, { addGrants: many(48) })).toMatchObject({ name: 'press' });
  expect(termsAfter(now, { addGrants: many(50), removeGrants: now.grants })).toMatchObject({ name: 'press' });
});

test('the difference says from what to what, and nothing when there is none', () => {
  expect(differenceOf(now, { ...now, grants: ['ring=early', 'erp'] })).toBeNull();
  expect(differenceOf(now, { name: 'a', site: null, grants: ['erp', 'b'] })).toEqual({
    name: { from: 'press', to: 'a' },
    site: { from: 'plant-1', to: null },
    grants: { added: ['b'], removed: ['ring=early'] },
  });
});
