/**
 * kill -9 at every write of every kind of rotation, before and after its COMMIT, forwards and rolled back: a fresh process
 * comes to the same end as an undisturbed one.
 */
import { expect, test } from 'vitest';
import { killAtEach, runUndisturbed } from '../../control-plane/dist/trust/testing-rotation-crash.js';

const KINDS = ['agent_ca', 'server_ca', 'agent_root', 'server_root'] as const;
const ROLLBACKS = [null, 'prepare', 'issue', 'serve'] as const;
const PLANS = KINDS.flatMap((kind) => ROLLBACKS.map((rollbackFrom) => ({ kind, rollbackFrom })));

test.each(PLANS)('$kind, rolled back from $rollbackFrom, killed at every write', async (plan) => {
  const { writes, end } = await runUndisturbed(plan);
  const kills = await killAtEach(plan, writes, end);
  expect(kills).toBe(writes.length * 2);
  console.log(
    `${plan.kind}, rolled back from ${plan.rollbackFrom ?? 'nowhere'}: ${kills} kills, each resumed to the same end`,
  );
});
