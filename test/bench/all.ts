/**
 * Several benches one after the other, each in a process of its own, so that one that fails takes no other one along.
 * The last line is one JSON object with the outcome of each.
 */
import { spawn } from 'node:child_process';

/** How a bench ended. */
interface Ended {
  readonly bench: string;
  readonly seconds: number;
  /** The JSON that it printed; null when it failed. */
  readonly outcome: unknown;
}

interface AllOptions {
  readonly names: readonly string[];
  /** The program that runs one; the name comes first, then `args`. */
  readonly script: string;
  readonly args: readonly string[];
  readonly print: (text: string) => void;
  readonly progress: (line: string) => void;
}

/** Runs all; the exit code, 0 when none failed. */
export async function runAll(options: AllOptions): Promise<number> {
  const { names, print, progress } = options;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const ended: Ended[] = [];
  for (const [at, bench] of names.entries()) {
    if (stop.signal.aborted) break;
    progress(`${bench} (${at + 1} of ${names.length})`);
    const one = await runOne(bench, options, stop.signal);
    progress(`${bench} ${one.outcome === null ? 'FAILED' : 'ended'} after ${one.seconds.toFixed(0)} s`);
    ended.push(one);
  }
  const failed = ended.filter(({ outcome }) => outcome === null).map(({ bench }) => bench);
  const minutes = ended.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  print(`all: ${ended.length - failed.length} of ${names.length} benches in ${minutes.toFixed(1)} minutes\n`);
  if (failed.length > 0) print(`FAILED: ${failed.join(', ')}\n`);
  const outcomes = ended.map(({ outcome }) => outcome).filter((outcome) => outcome !== null);
  print(`${JSON.stringify({ bench: 'all', failed, outcomes })}\n`);
  return failed.length === 0 && ended.length === names.length ? 0 : 1;
}

async function runOne(bench: string, { script, args, print }: AllOptions, stop: AbortSignal): Promise<Ended> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...process.execArgv, script, bench, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // A bench removes what it made before it ends.
  const onStop = (): void => void child.kill('SIGTERM');
  stop.addEventListener('abort', onStop);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    print(text);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  stop.removeEventListener('abort', onStop);
  const outcome: unknown = code === 0 ? JSON.parse(printed.trimEnd().split('\n').at(-1)!) : null;
  return { bench, seconds: (performance.now() - startedAt) / 1_000, outcome };
}
