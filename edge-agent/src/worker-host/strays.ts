/**
 * What workers that are over left behind, however it hid: it has become a child of a process that takes in the orphans below it
 * (`linux/orphans.ts`). The host ends what is left; host and worker take note of the ends of orphans, which Node does not.
 */
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { takeNoteOfEnd } from '../linux/index.ts';
import { type OwnChild, ownChildren } from '../runner/own-children.ts';
import { killAllBelow } from '../runner/process-tree.ts';

/** How long one may take to end. What the system itself does not end is waited for by nobody after that. Milliseconds. */
const PATIENCE_MS = 10_000;
/** Between two looks for orphans that have ended, milliseconds. */
const NOTE_MS = 1_000;

/** For a process whose other children are all known. */
export class Strays {
  readonly #log: (message: string) => void;
  readonly #now: () => number;
  /** When each was found, by its number and its start. */
  readonly #found = new Map<string, number>();
  readonly #leftOut = new Set<string>();

  /** @param now milliseconds that only grow */
  constructor(log: (message: string) => void, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /**
   * Kills every child of this process that is not known, with all below it; answers how many there were that lived. What they
   * leave behind is found by the next call: nothing is left once one answers 0.
   */
  end(known: ReadonlySet<number>): number {
    const strays = ownChildren().filter(({ pid }) => !known.has(pid));
    if (strays.length > 0) killAllBelow(strays.map(({ pid }) => pid));
    const living = strays.filter(({ isOver }) => !isOver);
    const names = new Set(living.map(nameOf));
    for (const name of [...this.#found.keys()].filter((name) => !names.has(name))) this.#forget(name);
    return living.filter((stray) => this.#isAwaited(stray)).length;
  }

  #isAwaited(stray: OwnChild): boolean {
    const name = nameOf(stray);
    const found = this.#found.get(name) ?? this.#now();
    this.#found.set(name, found);
    if (this.#now() - found < PATIENCE_MS) return true;
    if (!this.#leftOut.has(name))
      this.#log(`process ${stray.pid}, which a worker left, does not end: it is left alone`);
    this.#leftOut.add(name);
    return false;
  }

  #forget(name: string): void {
    this.#found.delete(name);
    this.#leftOut.delete(name);
  }
}

/**
 * Takes note of the ends of orphans until it is stopped: nothing stays of them. A child that Node has started is left to Node,
 * which takes note in each turn of its loop: what is still there after a whole turn is none. On Linux only.
 */
export function noteEnds(stopped?: AbortSignal, everyMs = NOTE_MS): void {
  if (process.platform === 'linux') void note(everyMs, stopped).catch(() => undefined);
}

async function note(everyMs: number, signal: AbortSignal | undefined): Promise<void> {
  for (let before = new Set<string>(); ;) {
    await delay(everyMs, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) });
    // Timers come before the ends of children, what is for the next turn after them.
    await nextTurn();
    const over = ownChildren().filter(({ isOver }) => isOver);
    for (const child of over) if (before.has(nameOf(child))) takeNoteOfEnd(child.pid);
    before = new Set(over.map(nameOf));
  }
}

function nameOf({ pid, startTicks }: OwnChild): string {
  return `${pid} ${startTicks}`;
}
