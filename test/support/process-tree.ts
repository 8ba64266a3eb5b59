/** What a process has started, as Linux shows it below /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** One process below another. */
export interface Descendant {
  readonly pid: number;
  /** Its arguments, separated by spaces. */
  readonly command: string;
}

/** Everything that `pid` started and that still runs, parents before children. */
export function descendantsOf(pid: number): Descendant[] {
  return childrenOf(pid).flatMap((child) => [{ pid: child, command: commandOf(child) }, ...descendantsOf(child)]);
}

/** The worker of the agent `pid` that has a browser: the one with a browser job. */
export function busyWorkerOf(pid: number): number {
  const busy = childrenOf(pid).filter((child) => browserOf(child) !== null);
  if (busy.length !== 1) throw new Error(`${busy.length} workers of ${pid} have a browser`);
  return busy[0]!;
}

/** The browser's own process below `pid`, not those of its pages; null when there is none. */
export function browserOf(pid: number): number | null {
  return descendantsOf(pid).find(({ command }) => isBrowser(command) && !command.includes(' --type='))?.pid ?? null;
}

/** True while a process runs: one that has ended and was not waited for does not. */
export function runs(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(read(`/proc/${pid}/status`));
}

function isBrowser(command: string): boolean {
  return /chrom|edge/i.test(command.split(' ')[0]!.split('/').at(-1)!);
}

function childrenOf(pid: number): number[] {
  let threads: string[] = [];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    // It has ended meanwhile.
  }
  return threads
    .flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' '))
    .filter(Boolean)
    .map(Number);
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
