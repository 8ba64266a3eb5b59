/**
 * Runs seeds one after the other in this process, whose clocks and timers are virtual from here on. `scripts/sim.mjs`
 * starts one of these for each processor. The last line is the outcome as JSON.
 */
import { parseArgs } from 'node:util';
import { World, type Outcome, type Size } from './world.ts';
import { Chance } from './world/random.ts';
import { VirtualTime } from './world/time.ts';

const { values } = parseArgs({
  options: {
    first: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    agents: { type: 'string', default: '4' },
    jobs: { type: 'string', default: '16' },
    /** Prints the whole history, not only its end. */
    trace: { type: 'boolean', default: false },
    /** Ends with the first seed that fails. */
    bail: { type: 'boolean', default: false },
  },
});
const size: Size = { agents: Number(values.agents), jobs: Number(values.jobs) };
const [first, seeds] = [Number(values.first), Number(values.seeds)];

/** The one clock here that is not virtual. */
const realMs = (): number => Number(process.hrtime.bigint() / 1_000_000n);
const PROGRESS_MS = 5_000;
/** Lines of history printed for a seed that fails. */
const SHOWN = 15;

let chance = new Chance(1);
const time = new VirtualTime();
time.install(() => chance);

const total = { passed: 0, failed: [] as number[], jobs: 0, acts: 0, virtualMs: 0, digest: '' };
let saidAt = realMs();
for (let seed = first; seed < first + seeds; seed++) {
  time.clear();
  chance = new Chance(seed);
  const outcome = await new World(seed, size, time, chance).run();
  total.jobs += outcome.jobs;
  total.acts += outcome.acts;
  total.virtualMs += outcome.virtualMs;
  total.digest = outcome.digest;
  if (outcome.violations.length === 0) total.passed += 1;
  else {
    total.failed.push(seed);
    report(outcome);
    if (values.bail) break;
  }
  if (values.trace) console.log(outcome.lines.join('\n'));
  if (realMs() - saidAt < PROGRESS_MS) continue;
  saidAt = realMs();
  console.error(`progress ${total.passed + total.failed.length} ${total.failed.length}`);
}
console.log(JSON.stringify(total));
// Timers of processes that died in the simulation must not keep this one.
process.exit(0);

function report({ seed, violations, lines }: Outcome): void {
  const again = `npm run sim -- --seed ${seed} --agents ${size.agents} --jobs ${size.jobs}`;
  console.log(`seed ${seed} FAILED; the same again: ${again}`);
  for (const violation of violations) console.log(`  ${violation}`);
  for (const line of values.trace ? [] : lines.slice(-SHOWN)) console.log(`    ${line}`);
}
