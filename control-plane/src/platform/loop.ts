/**
 * The one way to do something again and again: a loop has an owner, an interval with jitter, a log for its failures
 * and a clean stop (house rule 9).
 *
 * Invariants: runs never overlap; a failed run is logged and followed by the next one; after `stop()` has resolved,
 * nothing of the loop runs.
 */
import { atSites } from './site-scope.ts';
import type { Log } from './log.ts';

export interface LoopOptions {
  /** Names the owner in the log. */
  readonly name: string;
  /** From the end of one run to the start of the next, milliseconds. */
  readonly intervalMs: number;
  /** Part of the interval that is random, 0 to 1; 0.1 unless said otherwise. */
  readonly jitter?: number;
  /** One turn. `signal` aborts when the loop is asked to stop. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly log: Log;
  readonly random?: () => number;
}

export interface Loop {
  /** Runs now, or right after the run in progress. Many wakes before a run are one. */
  wake(): void;
  /** Resolves when the last run has ended. */
  stop(): Promise<void>;
}

/** Starts a loop; the first run starts at once. */
export function startLoop(options: LoopOptions): Loop {
  const stopping = new AbortController();
  let woken = false;
  let rouse = () => {};
  const goesOn = () => !stopping.signal.aborted;
  const takeWake = () => {
    const was = woken;
    woken = false;
    return was;
  };
  const finished = atSites(null, async () => {
    while (goesOn()) {
      takeWake();
      try {
        await options.run(stopping.signal);
      } catch (error) {
        if (goesOn()) options.log.error('loop run failed', { loop: options.name, error });
      }
      if (goesOn() && !takeWake()) {
        await pause(pauseMs(options), (wake) => {
          rouse = wake;
        });
      }
    }
  });
  const wake = () => {
    woken = true;
    rouse();
  };
  return {
    wake,
    async stop() {
      stopping.abort();
      wake();
      await finished;
    },
  };
}

function pauseMs({ intervalMs, jitter = 0.1, random = Math.random }: LoopOptions): number {
  return intervalMs * (1 - jitter / 2 + jitter * random());
}

function pause(ms: number, onWake: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    onWake(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
