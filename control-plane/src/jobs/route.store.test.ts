/** Interning on a real database: one row for equal requirements, and no more rows than a tenant may have. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { internRoute } from './route.store.ts';
import { jobsHarness, type JobsHarness } from './testing.ts';

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness();
});
afterAll(() => h.close());

const needs = (...capabilities: string[]) => ({ slot: 'plain' as const, site: null, capabilities });

it('makes one route of equal requirements, also when many ask at once', async () => {
  const db = h.database.db.of('default');
  const asked = await Promise.all(Array.from({ length: 20 }, () => internRoute(db, 'default', needs('b', 'a', 'b'))));
  expect(new Set(asked.map((route) => route!.id)).size).toBe(1);
  expect(asked[0]).toMatchObject({ capabilities: ['a', 'b'] });
});

it('keeps no more than it may, and goes on with those that there are', async () => {
  const db = h.database.db.of('default');
  const first = await internRoute(db, 'default', needs('first'));
  expect(await internRoute(db, 'default', needs('second'), 2)).toBeNull();
  expect(await internRoute(db, 'default', needs('first'), 2)).toEqual(first);
  expect(await internRoute(db, 'default', needs('second'), 3)).not.toBeNull();
});
