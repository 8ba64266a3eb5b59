/**
 * Group statements: calls that come while others are under way, or soon after a run has begun, are gathered and share the
 * next run. Alone, a call waits for nobody but those that are made together with it; in a storm hundreds share a round trip
 * and a COMMIT.
 *
 * Invariants: a call is answered by a run that began after the call was made, so it sees whatever was committed before;
 * two calls with the same key never share a run, and begin in order; a call whose value the database refuses harms no
 * other. Bounds: `most` calls in a run, `runs` runs at once; how many wait is bounded by who calls.
 */
import { atSites } from '../site-scope.ts';
import { isBadValue } from './failure.ts';

export interface GatherOptions<In, Out> {
  /** Answers in the order of the calls. Rejects when nothing was done for any of them. */
  readonly run: (calls: readonly In[]) => Promise<readonly Out[]>;
  /** Calls of one run at most. */
  readonly most: number;
  /** Runs under way at once. */
  readonly runs: number;
  /** Runs begin this far apart unless `most` calls wait, milliseconds; 0 unless said otherwise. */
  readonly apartMs?: number;
  /** Of calls that must not share a run. */
  readonly keyOf?: (call: In) => string;
}

interface Waiting<In, Out> extends PromiseWithResolvers<Out> {
  readonly call: In;
}

/** Gives the function of one call. */
export function gather<In, Out>(options: GatherOptions<In, Out>): (call: In) => Promise<Out> {
  const gathering = new Gathering(options);
  return (call) => gathering.add(call);
}

class Gathering<In, Out> {
  readonly #options: GatherOptions<In, Out>;
  #waiting: Waiting<In, Out>[] = [];
  #running = 0;
  #soon = false;
  #later: NodeJS.Timeout | undefined;
  /** When the last run began. */
  #begunAt = -Infinity;

  constructor(options: GatherOptions<In, Out>) {
    this.#options = options;
  }

  add(call: In): Promise<Out> {
    const waiting = { call, ...Promise.withResolvers<Out>() };
    this.#waiting.push(waiting);
    this.#look();
    return waiting.promise;
  }

  #look(): void {
    const { most, runs, apartMs = 0 } = this.#options;
    if (this.#soon || this.#running >= runs || this.#waiting.length === 0) return;
    const waitMs = this.#waiting.length >= most ? 0 : this.#begunAt + apartMs - performance.now();
    clearTimeout(this.#later);
    if (waitMs > 0) {
      this.#later = setTimeout(() => this.#look(), waitMs);
      return;
    }
    this.#soon = true;
    // While others are under way there is time to gather what comes in this turn of the event loop.
    const soon = this.#running === 0 ? queueMicrotask : setImmediate;
    soon(() => {
      this.#soon = false;
      this.#begunAt = performance.now();
      // Of several callers: what each may was judged before.
      atSites(null, () => void this.#run(this.#take()));
      this.#look();
    });
  }

  /** The oldest calls, at most one of each key. */
  #take(): Waiting<In, Out>[] {
    const { most, keyOf } = this.#options;
    if (keyOf === undefined) return this.#waiting.splice(0, most);
    const [taken, left, keys] = [[] as Waiting<In, Out>[], [] as Waiting<In, Out>[], new Set<string>()];
    for (const one of this.#waiting) {
      const key = keyOf(one.call);
      if (taken.length < most && !keys.has(key)) taken.push(one);
      else left.push(one);
      keys.add(key);
    }
    this.#waiting = left;
    return taken;
  }

  async #run(batch: readonly Waiting<In, Out>[]): Promise<void> {
    this.#running += 1;
    const failed = await this.#try(batch);
    // One of them is to blame, and only it may suffer.
    if (failed && batch.length > 1 && isBadValue(failed.cause)) {
      for (const one of batch) refuse([one], await this.#try([one]));
    } else refuse(batch, failed);
    this.#running -= 1;
    this.#look();
  }

  async #try(batch: readonly Waiting<In, Out>[]): Promise<{ readonly cause: unknown } | null> {
    try {
      const answers = await this.#options.run(batch.map(({ call }) => call));
      batch.forEach(({ resolve }, index) => resolve(answers[index]!));
      return null;
    } catch (cause) {
      return { cause };
    }
  }
}

function refuse(
  batch: readonly Pick<Waiting<unknown, never>, 'reject'>[],
  failed: { readonly cause: unknown } | null,
): void {
  if (failed === null) return;
  for (const { reject } of batch) reject(failed.cause);
}
