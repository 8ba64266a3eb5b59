/** `npm run bench -- <name>`: runs one bench; the last line is its outcome as JSON. */
import { readArguments, type BenchOptions } from './frame/options.ts';
import { report, type Outcome } from './frame/report.ts';
import { tunnelDispatch } from './dispatch/bench.ts';
import { backlog } from './queues/backlog.ts';
import { drain } from './queues/drain.ts';
import { endtoend } from './queues/endtoend.ts';
import { enqueue } from './queues/enqueue.ts';
import { latency } from './queues/latency.ts';
import { fairness, mismatch, snapshot } from './ours/benches.ts';
import { tunnels } from './tunnels/bench.ts';

const BENCHES: Record<string, (options: BenchOptions) => Promise<Outcome>> = {
  enqueue,
  drain,
  endtoend,
  backlog,
  latency,
  'tunnel-dispatch': tunnelDispatch,
  mismatch,
  snapshot,
  fairness,
  tunnels,
};

const given = readArguments(process.argv.slice(2));
const bench = typeof given === 'string' ? undefined : BENCHES[given.name];
if (typeof given === 'string' || bench === undefined) {
  const usage = 'npm run bench -- <name> [--size full|small] [--count N] [--only NAME] [--rounds N] [--repeats N]';
  const why = typeof given === 'string' ? `${given}; ` : '';
  console.error(`BENCH_USAGE: ${why}use ${usage}; names: ${Object.keys(BENCHES).join(', ')}`);
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
report(await bench({ ...given, progress }), console.log);
// What a bench started is closed by now; an idle handle must not keep it waiting.
process.exit(0);
