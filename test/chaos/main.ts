/** One chaos run by arguments; the last line sums it up. `scripts/chaos.mjs` starts it. */
import { parseArgs } from 'node:util';
import { failure, runChaos } from './run.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '20000' },
  },
});
const startedAt = performance.now();
const progress = (line: string): void => {
  console.error(`[${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s] ${line}`);
};
const [minutes, seed, jobs] = [Number(values.minutes), Number(values.seed), Number(values.jobs)];
const outcome = await runChaos({ seed, faultsMs: minutes * 60_000, jobs, progress });
if (outcome.violations.length > 0) for (const line of failure(outcome, seed)) console.log(line);
console.log(outcome.summary);
process.exit(outcome.violations.length === 0 ? 0 : 1);
