/** Bounds for promises that cannot be cancelled themselves. What they later end with is dropped. */

/** Rejects with the signal's reason as soon as it aborts. */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => {});
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Rejects after `ms` milliseconds. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return untilAborted(AbortSignal.timeout(ms), work);
}
