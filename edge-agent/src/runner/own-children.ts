/**
 * The children of this process on Linux, such as the orphans that it has taken in (`linux/orphans.ts`), by the kernel's own
 * list of them (`/proc/PID/task/TID/children`, proc(5)).
 *
 * Invariant: none is missed because /proc does not show it. Under `ProtectProc=invisible` (systemd.exec(5)) a process that made
 * itself not dumpable is hidden from its own user, and from its parent; the list has it all the same.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { killAllBelow, listStats, statOf } from './process-tree.ts';

/** The system takes a moment to end a process, and what it leaves behind becomes a child then. Milliseconds. */
const LOOK_AGAIN_MS = 5;
const END_MS = 2_000;

export interface OwnChild {
  readonly pid: number;
  /** 0 of one that is hidden. */
  readonly startTicks: number;
  /** It has ended, and nobody has taken note. */
  readonly isOver: boolean;
}

/** Also those that have ended and of which nobody has taken note. Empty elsewhere than on Linux. */
export function ownChildren(): OwnChild[] {
  if (process.platform !== 'linux') return [];
  const listed = listedChildren();
  if (listed === null) return listStats().filter(({ parent }) => parent === process.pid);
  // Only this process can take note of an end, and does nothing in between: one without a state is hidden, and not gone.
  return listed.map((pid) => statOf(pid) ?? { pid, startTicks: 0, isOver: false });
}

/** Kills what is below this process, which takes in its orphans, and waits for their ends as long as that may take. */
export async function endOwnChildren(): Promise<void> {
  const until = performance.now() + END_MS;
  while (performance.now() < until) {
    const living = ownChildren().filter(({ isOver }) => !isOver);
    if (living.length === 0) return;
    killAllBelow(living.map(({ pid }) => pid));
    await delay(LOOK_AGAIN_MS);
  }
}

/** Null where the kernel was built without the list. */
function listedChildren(): number[] | null {
  try {
    return readdirSync('/proc/self/task').flatMap(childrenOfThread);
  } catch {
    return null;
  }
}

function childrenOfThread(thread: string): number[] {
  try {
    const text = readFileSync(`/proc/self/task/${thread}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch (error) {
    // A thread may have ended, the first one not.
    if (Number(thread) === process.pid) throw error;
    return [];
  }
}
