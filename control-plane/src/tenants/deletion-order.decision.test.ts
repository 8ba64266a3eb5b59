import { expect, test } from 'vitest';
import { deletionOrder } from './deletion-order.decision.ts';

test('whoever refers to another table is emptied before it', () => {
  const references = [
    { from: 'b', to: 'a' },
    { from: 'c', to: 'b' },
    { from: 'c', to: 'c' },
    { from: 'elsewhere', to: 'a' },
  ];
  expect(deletionOrder(['a', 'b', 'c', 'd'], references)).toEqual(['c', 'd', 'b', 'a']);
});

test('a circle ends too, with every table once', () => {
  const circle = [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'a' },
  ];
  expect(deletionOrder(['a', 'b', 'c'], circle).toSorted()).toEqual(['a', 'b', 'c']);
});
