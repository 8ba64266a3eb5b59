/**
 * Whose the processor was: time of this bench's own processes, and the share that foreign ones took (with what the
 * hypervisor kept). Linux only, from /proc. Interrupts count for nobody: on loopback they are our own packets.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Processor times at one moment. */
export interface CpuSample {
  readonly atMs: number;
  /** Of all processors: busy, without interrupts, seconds. */
  readonly busy: number;
  /** Of the given processes and all below them, with children that have ended, seconds. */
  readonly own: number;
}

/** The kernel's clock ticks in a second, as user space sees them. */
const TICKS = 100;

/** Samples the machine, and what `roots` and all processes below them have used. */
export function sampleCpu(roots: readonly number[]): CpuSample {
  return { atMs: performance.now(), busy: busySeconds(), own: ownSeconds(roots) };
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
  for (const [pid, stat] of processes) if (stat && isOwn(pid)) seconds += stat.seconds;
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

/** Parent, and time used by the process and by those of its children that have ended; null for one that is gone. */
function statOf(pid: number): { parent: number; seconds: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name, which stands in brackets and may hold anything.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
    return { parent: fields[1]!, seconds: (user + system + childUser + childSystem) / TICKS };
  } catch {
    return null;
  }
}
