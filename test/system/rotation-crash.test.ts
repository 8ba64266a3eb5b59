/**
 * kill -9 at every write of every kind of rotation, before and after its COMMIT, forwards and rolled back: a fresh process
 * comes to the same end as an undisturbed one.
 *
 * Each kind is killed forwards and rolled back from one phase; `CASARE_CRASH_PLANS=all` runs all 16 plans. Forwards,
 * `server_root` is killed in `npm test`, by the test beside the code.
 */
import { expect, test } from 'vitest';
import { killAtEach, runUndisturbed } from '../../control-plane/dist/trust/testing-rotation-crash.js';

const KINDS = ['agent_ca', 'server_ca', 'agent_root', 'server_root'] as const;
const ROLLBACKS = [null, 'prepare', 'issue', 'serve'] as const;
const EVERY = KINDS.flatMap((kind) => ROLLBACKS.map((rollbackFrom) => ({ kind, rollbackFrom })));
/** From where each kind is rolled back when not all plans are run: every phase once, and `serve`, the last, twice. */
const ROLLED_BACK = { agent_ca: 'serve', server_ca: 'issue', agent_root: 'prepare', server_root: 'serve' } as const;
const PLANS =
  process.env['CASARE_CRASH_PLANS'] === 'all'
    ? EVERY
    : EVERY.filter(({ kind, rollbackFrom }) =>
        rollbackFrom === null ? kind !== 'server_root' : rollbackFrom === ROLLED_BACK[kind],
      );

test.each(PLANS)('$kind, rolled back from $rollbackFrom, killed at every write', async (plan) => {
  const { writes, end } = await runUndisturbed(plan);
  const kills = await killAtEach(plan, writes, end);
  expect(kills).toBe(writes.length * 2);
  console.log(
    `${plan.kind}, rolled back from ${plan.rollbackFrom ?? 'nowhere'}: ${kills} kills, each resumed to the same end`,
  );
});
