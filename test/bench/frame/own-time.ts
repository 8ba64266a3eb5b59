/**
 * Processor time of a bench's own processes, also of those that end meanwhile and that nobody waits for: a browser that is
 * killed with its worker takes with it what the kernel knew of its processes. So the tree is looked at again and again.
 *
 * Invariants
 * - A process counts as own from the look that finds it below a root, whoever is its parent later.
 * - Nothing counts twice: what a parent has of its ended children counts as far as they were not seen themselves.
 */

/** A process at one look. */
export interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** A number is given again: with this it names one process. */
  readonly startTicks: number;
  /** It used itself, seconds. */
  readonly self: number;
  /** Those of its children used that ended and that it waited for, with theirs. */
  readonly waited: number;
}

interface Known {
  readonly at: ProcessTimes;
  /** Of its children that were seen and have ended, all that was seen of them. */
  readonly endedChildren: number;
}

export class OwnTime {
  readonly #alive = new Map<number, Known>();
  #ended = 0;

  /** Takes in how things stand: all processes, or all but those that were no own ones before. */
  look(processes: readonly ProcessTimes[], roots: readonly number[]): void {
    const now = new Map(processes.map((process) => [process.pid, process]));
    // Children before their parents, which have their time from then on.
    for (const known of [...this.#alive.values()].reverse()) {
      if (now.get(known.at.pid)?.startTicks !== known.at.startTicks) this.#end(known);
    }
    for (const process of processes) {
      const known = this.#alive.get(process.pid);
      if (known !== undefined) this.#alive.set(process.pid, { ...known, at: process });
      else if (isBelow(process, roots, this.#alive, now)) {
        this.#alive.set(process.pid, { at: process, endedChildren: 0 });
      }
    }
  }

  has(pid: number): boolean {
    return this.#alive.has(pid);
  }

  /** Used until the last look, seconds. */
  get seconds(): number {
    return [...this.#alive.values()].reduce((sum, known) => sum + ownOf(known), this.#ended);
  }

  #end(known: Known): void {
    const { pid, parent, self, waited } = known.at;
    this.#alive.delete(pid);
    this.#ended += ownOf(known);
    const above = this.#alive.get(parent);
    if (above === undefined) return;
    const total = self + Math.max(waited, known.endedChildren);
    this.#alive.set(parent, { ...above, endedChildren: above.endedChildren + total });
  }
}

/** Of the process, and of its ended children what was not seen. */
function ownOf({ at, endedChildren }: Known): number {
  return at.self + Math.max(0, at.waited - endedChildren);
}

function isBelow(
  process: ProcessTimes,
  roots: readonly number[],
  own: ReadonlyMap<number, Known>,
  all: ReadonlyMap<number, ProcessTimes>,
): boolean {
  let at: ProcessTimes | undefined = process;
  // A process tree is no deeper than this; a parent that ended meanwhile ends the search.
  for (let depth = 0; at !== undefined && depth < 50; depth += 1) {
    if (roots.includes(at.pid) || own.has(at.pid)) return true;
    at = all.get(at.parent);
  }
  return false;
}
