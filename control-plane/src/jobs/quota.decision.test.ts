import { expect, test } from 'vitest';
import { fitting, withinRoom } from './quota.decision.ts';

const tenantOf = (routeId: number) => (routeId < 10 ? 'a' : 'b');
const ROOM = new Map([['a', 2]]);

test('a route asks for no more than the room of its tenant, and for nothing without room; others ask as before', () => {
  const wanted = new Map([
    [1, 5],
    [2, 1],
    [10, 7],
  ]);
  expect([...withinRoom(wanted, tenantOf, ROOM)]).toEqual([
    [1, 2],
    [2, 1],
    [10, 7],
  ]);
  expect([...withinRoom(wanted, tenantOf, new Map([['a', 0]]))]).toEqual([[10, 7]]);
  // A quota that was lowered below what runs.
  expect([...withinRoom(wanted, tenantOf, new Map([['a', -3]]))]).toEqual([[10, 7]]);
  expect([...withinRoom(wanted, tenantOf, new Map())]).toEqual([...wanted]);
});

test('routes of a tenant share its room, the best first', () => {
  const jobs = ['a', 'b', 'a', 'a', 'b'].map((tenant, place) => ({ tenant, place }));
  expect(fitting(jobs, ROOM).map(({ place }) => place)).toEqual([0, 1, 2, 4]);
  expect(fitting(jobs, new Map())).toBe(jobs);
});
