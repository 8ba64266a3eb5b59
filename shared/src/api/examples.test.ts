import { describe, expect, test } from 'vitest';
import { BODY_EXAMPLES, EXAMPLE } from './examples.ts';
import { ENDPOINTS } from './index.ts';

const withBody = ENDPOINTS.filter(({ body }) => body !== undefined);

test('each operation that takes a body has an example, and no other', () => {
  expect(Object.keys(BODY_EXAMPLES).toSorted()).toEqual(withBody.map(({ id }) => id).toSorted());
});

describe('an example is what the operation takes', () => {
  test.each(withBody.map((endpoint) => [endpoint.id, endpoint] as const))('%s', (id, { body }) => {
    expect(body!.safeParse(BODY_EXAMPLES[id]).error).toBeUndefined();
  });
});

test('things of examples are told apart by their ids', () => {
  expect(new Set(Object.values(EXAMPLE)).size).toBe(Object.keys(EXAMPLE).length);
});
