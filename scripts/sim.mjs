/**
 * `npm run sim -- [--seeds N | --seed S] [--first S] [--agents N] [--jobs N] [--trace]`: the simulation, one process for
 * each processor. A seed that fails prints itself and how to run the same again; one seed prints the hash of its trace.
 */
import { spawn } from 'node:child_process';
import os from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, NODE_FLAGS, ROOT } from './runtime.mjs';

const SEEDS = 10_000;
const USAGE = 'npm run sim -- [--seeds N | --seed S] [--first S] [--agents N] [--jobs N] [--trace]';

const options = readArguments();
try {
  await ensureInstalled(console.error);
  await ensureBuilt(console.error);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const startedAt = performance.now();
const parts = partsOf(options);
const progress = parts.map(() => [0, 0]);
const children = [];
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of children) child.kill('SIGKILL');
    process.exit(1);
  });
}
const ticking = setInterval(say, 5_000);
const outcomes = await Promise.all(parts.map(runPart));
clearInterval(ticking);
finish(outcomes);

function readArguments() {
  try {
    const number = { type: 'string' };
    const { values } = parseArgs({
      options: { seeds: number, seed: number, first: number, agents: number, jobs: number, trace: { type: 'boolean' } },
    });
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === 'string' && !/^[1-9]\d{0,8}$/.test(value))
        throw new Error(`--${name} must be a whole number above 0`);
    }
    return values;
  } catch (error) {
    console.error(`SIM_USAGE: ${error.message}; use ${USAGE}`);
    process.exit(2);
  }
}

function partsOf({ seed, seeds, first = '1' }) {
  if (seed !== undefined) return [{ first: Number(seed), seeds: 1 }];
  const all = Number(seeds ?? SEEDS);
  const processes = Math.max(1, Math.min(os.availableParallelism(), all));
  return Array.from({ length: processes }, (_, index) => {
    const [from, to] = [index, index + 1].map((part) => Math.floor((all * part) / processes));
    return { first: Number(first) + from, seeds: to - from };
  });
}

/** The outcome of a part; null when its process failed. */
function runPart({ first, seeds }, index) {
  const passed = ['agents', 'jobs'].flatMap((name) =>
    options[name] === undefined ? [] : [`--${name}`, options[name]],
  );
  const args = [...NODE_FLAGS, 'test/simulation/main.ts', '--first', first, '--seeds', seeds, ...passed];
  if (options.trace) args.push('--trace');
  const child = spawn(node24(), args.map(String), { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let outcome = null;
  const heard = [
    read(child.stdout, (line) => {
      if (line.startsWith('{"passed"')) outcome = JSON.parse(line);
      else console.log(line);
    }),
    read(child.stderr, (line) => {
      const [, done, failed] = /^progress (\d+) (\d+)$/.exec(line) ?? [];
      if (done === undefined) console.error(line);
      else progress[index] = [Number(done), Number(failed)];
    }),
  ];
  const exited = new Promise((resolve) => child.on('exit', resolve));
  return Promise.all([exited, ...heard]).then(() => outcome);
}

function read(stream, onLine) {
  return new Promise((resolve) => createInterface({ input: stream }).on('line', onLine).on('close', resolve));
}

function say() {
  const [done, failed] = [0, 1].map((at) => progress.reduce((sum, part) => sum + part[at], 0));
  const all = parts.reduce((sum, part) => sum + part.seeds, 0);
  console.error(`[${seconds().padStart(4)} s] ${done} of ${all} seeds, ${failed} failed`);
}

function finish(all) {
  const known = all.filter((outcome) => outcome !== null);
  const sum = (name) => known.reduce((total, outcome) => total + outcome[name], 0);
  const failed = known.flatMap((outcome) => outcome.failed);
  if (options.seed !== undefined && known.length > 0) console.log(`seed ${options.seed}: trace ${known[0].digest}`);
  const hours = (sum('virtualMs') / 3_600_000).toFixed(1);
  const what = `${sum('jobs')} jobs, ${sum('acts')} unsafe steps, ${hours} virtual hours in ${seconds()} s`;
  console.log(`${sum('passed')} passed, ${failed.length} failed: ${what}`);
  if (failed.length > 0) console.log(`failed seeds: ${failed.slice(0, 100).join(' ')}`);
  if (known.length < all.length) console.error('SIM_BROKEN: a process of the simulation failed: see above');
  process.exit(failed.length === 0 && known.length === all.length ? 0 : 1);
}

function seconds() {
  return ((performance.now() - startedAt) / 1_000).toFixed(0);
}
