/**
 * kill -9 at every write of a rotation, before and after its COMMIT: a fresh process comes to the same end. The writes are
 * those that an undisturbed run makes, and together they must be all that exist. The other kinds are in the slow tier.
 */
import { expect, test } from 'vitest';
import { ROTATION_WRITES } from './rotation-writes.ts';
import { killAtEach, runUndisturbed } from './testing-rotation-crash.ts';

test('every write of a rotation is met by a plan whose process is killed there', async () => {
  const forward = await runUndisturbed({ kind: 'server_root', rollbackFrom: null });
  const back = await runUndisturbed({ kind: 'agent_root', rollbackFrom: 'serve' });
  // A new write that no plan makes fails here.
  expect([...new Set([...forward.writes, ...back.writes])].toSorted()).toEqual([...ROTATION_WRITES].toSorted());
}, 300_000);

test('the rotation of a server root survives the death of its process at every write', async () => {
  const plan = { kind: 'server_root', rollbackFrom: null } as const;
  const { writes, end } = await runUndisturbed(plan);
  expect(await killAtEach(plan, writes, end)).toBe(writes.length * 2);
}, 900_000);
