/**
 * A short chaos run: an agent that stands still beyond its lease, and kill -9, cut sockets and restarts of everything else
 * meanwhile. `npm run chaos` is the long one.
 */
import { expect, test } from 'vitest';
import { failure, runChaos } from '../chaos/run.ts';

const SEED = 20_261_126;

test('nothing is lost, recorded twice or stuck', async () => {
  const progress = (line: string): void => console.log(line);
  const outcome = await runChaos({ seed: SEED, faultsMs: 60_000, jobs: 400, progress });
  console.log(outcome.summary);
  expect(outcome.violations, failure(outcome, SEED).join('\n')).toEqual([]);
});
