/** The engine's only source of time: every delay, deadline and time stamp of a run goes through one `Clock`. */

/** Time as the engine sees it. Milliseconds everywhere; delays above what a timer holds are clamped to about 24 days. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Resolves after `ms`; rejects with `signal.reason` as soon as the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `expire` once after `ms` unless the returned function is called first. */
  deadline(ms: number, expire: () => void): () => void;
}

const LONGEST_TIMER_MS = 2_147_483_647;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      };
      const timer = setTimeout(
        () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
        Math.min(ms, LONGEST_TIMER_MS),
      );
      signal.addEventListener('abort', onAbort, { once: true });
    }),
  deadline: (ms, expire) => {
    const timer = setTimeout(expire, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
