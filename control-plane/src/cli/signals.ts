/**
 * When this process is asked to stop: a signal, or the end of the process that started it (its IPC channel closes).
 * A signal repeated later ends it at once; one repeated immediately is the same Ctrl-C, heard from terminal and parent.
 */

const SAME_MS = 1_000;

/** Aborts when the process is asked to stop. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let askedAt: number | null = null;
  const ask = () => {
    if (askedAt !== null && performance.now() - askedAt > SAME_MS) process.exit(1);
    askedAt ??= performance.now();
    stop.abort();
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, ask);
  process.once('disconnect', ask);
  // Waiting for the parent's end must not keep a finished command alive.
  process.channel?.unref();
  return stop.signal;
}
