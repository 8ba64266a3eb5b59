/**
 * `npm run bench -- <name>`: runs one bench; the last line is its outcome as JSON. `all` runs those of dispatch one after
 * the other, `plot` draws plots and tables of the documentation again by the figures that were kept.
 */
import { runAll } from './all.ts';
import { lists } from './console/bench.ts';
import { tunnelDispatch } from './dispatch/bench.ts';
import { readArguments, type BenchOptions } from './frame/options.ts';
import { report, type Outcome } from './frame/report.ts';
import { fairness, mismatch, snapshot } from './ours/benches.ts';
import { backlog } from './queues/backlog.ts';
import { drain } from './queues/drain.ts';
import { endtoend } from './queues/endtoend.ts';
import { enqueue } from './queues/enqueue.ts';
import { latency } from './queues/latency.ts';
import { recovery } from './recovery/bench.ts';
import { steps } from './steps/bench.ts';
import { tunnels } from './tunnels/bench.ts';

type Bench = (options: BenchOptions) => Promise<Outcome>;

/** In the order of `all`. */
const DISPATCH: Readonly<Record<string, Bench>> = {
  enqueue,
  drain,
  endtoend,
  latency,
  backlog,
  mismatch,
  snapshot,
  fairness,
  'tunnel-dispatch': tunnelDispatch,
  recovery,
};
const BENCHES: Readonly<Record<string, Bench>> = { ...DISPATCH, tunnels, steps, console: lists };
const NAMES = [...Object.keys(BENCHES), 'all', 'plot'];

const given = readArguments(process.argv.slice(2));
const wrong = typeof given === 'string' ? given : faultOf(given);
if (typeof given === 'string' || wrong !== null) {
  const usage =
    'npm run bench -- <name> [--size full|small] [--count N] [--only NAME] [--rounds N] [--repeats N] [--plot]';
  console.error(`BENCH_USAGE: ${wrong ? `${wrong}; ` : ''}use ${usage}; names: ${NAMES.join(', ')}`);
  process.exit(2);
}
if (process.platform !== 'linux') {
  console.error('BENCH_NEEDS_LINUX: processor time is read from /proc: run the bench on Linux');
  process.exit(1);
}
const startedAt = performance.now();
const progress = (line: string): void => {
  console.error(`[${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s] ${line}`);
};
if (given.name === 'plot') {
  const { drawAgain } = await import('./plots/keep.ts');
  console.log(`drawn by the figures that were kept: ${await drawAgain()} files`);
} else if (given.name === 'all') {
  process.exitCode = await runAll({
    ...{ names: Object.keys(DISPATCH), script: import.meta.filename, progress },
    args: process.argv.slice(2).filter((arg) => arg !== 'all'),
    print: (text) => void process.stdout.write(text),
  });
} else {
  const outcome = await BENCHES[given.name]!({ ...given, progress });
  if (given.plot) {
    // Only here: whoever runs a bench needs no library for plots.
    const { keep } = await import('./plots/keep.ts');
    await keep(outcome, given.count === null ? given.size : `--count ${given.count}`);
  }
  report(outcome, console.log);
}
// What a bench started is closed by now; an idle handle must not keep it waiting.
process.exit();

/** What is wrong with arguments that can be read; an empty text for a name that is none. */
function faultOf({ name, plot }: { readonly name: string; readonly plot: boolean }): string | null {
  if (!NAMES.includes(name)) return '';
  return plot && name === 'tunnels' ? '--plot is for benches with a section in docs/performance.md' : null;
}
