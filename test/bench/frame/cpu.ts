/**
 * Whose the processor was: time of this bench's own processes, and the share that foreign ones took (with what the
 * hypervisor kept). Linux only, from /proc. Interrupts count for nobody: on loopback they are our own packets.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { OwnTime, type ProcessTimes } from './own-time.ts';

/** Processor times at one moment. */
export interface CpuSample {
  readonly atMs: number;
  /** Of all processors: busy, without interrupts, seconds. */
  readonly busy: number;
  /** Of the bench's processes, also of those that have ended, seconds. */
  readonly own: number;
}

/** The kernel's clock ticks in a second, as user space sees them. */
const TICKS = 100;

/** How often processes are looked at, milliseconds: of one that ends, what it used since is lost. */
const LOOK_MS = 250;

/** Samples the machine and what the bench has used of it; looks at the bench's processes in between, until it is stopped. */
export class CpuWatch {
  readonly #roots: () => readonly number[];
  readonly #own = new OwnTime();
  /** Not the bench's, and read no more: a look is a few reads. */
  readonly #foreign = new Set<number>();
  #seenRoots = '';
  readonly #timer: NodeJS.Timeout;

  /** @param roots of the bench's processes, asked for at each look */
  constructor(roots: () => readonly number[]) {
    this.#roots = roots;
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  sample(): CpuSample {
    this.#look();
    return { atMs: performance.now(), busy: busySeconds(), own: this.#own.seconds };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const roots = this.#roots();
    // One that was started again has perhaps been seen before it was named.
    if (roots.join() !== this.#seenRoots) this.#foreign.clear();
    this.#seenRoots = roots.join();
    const processes = pids()
      .filter((pid) => !this.#foreign.has(pid))
      .flatMap((pid): ProcessTimes[] => {
        const stat = statOf(pid);
        return stat === null ? [] : [{ pid, ...stat }];
      });
    this.#own.look(processes, roots);
    for (const { pid } of processes) if (!this.#own.has(pid)) this.#foreign.add(pid);
  }
}

/** The share of all processors that foreign processes took between two samples, 0 to 1. */
export function foreignShare(from: CpuSample, to: CpuSample): number {
  const available = ((to.atMs - from.atMs) / 1_000) * availableParallelism();
  const foreign = to.busy - from.busy - (to.own - from.own);
  return available <= 0 ? 0 : Math.min(1, Math.max(0, foreign / available));
}

/** What `roots` and all below them have used since they began, seconds. */
export function ownSeconds(roots: readonly number[]): number {
  const processes = new Map(pids().map((pid) => [pid, statOf(pid)]));
  const isOwn = (pid: number): boolean => {
    // A process tree is no deeper than this; a parent that ended meanwhile ends the search.
    for (let at = pid, depth = 0; depth < 50; depth++) {
      if (roots.includes(at)) return true;
      at = processes.get(at)?.parent ?? 0;
      if (at === 0) return false;
    }
    return false;
  };
  let seconds = 0;
  for (const [pid, stat] of processes) if (stat && isOwn(pid)) seconds += stat.self + stat.waited;
  return seconds;
}

function busySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]!
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + steal) / TICKS;
}

function pids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** Null for one that is gone. */
function statOf(pid: number): Omit<ProcessTimes, 'pid'> | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name, which stands in brackets and may hold anything.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
    const times = { self: (user + system) / TICKS, waited: (childUser + childSystem) / TICKS };
    return { parent: fields[1]!, startTicks: fields[19] ?? 0, ...times };
  } catch {
    return null;
  }
}
