/**
 * Tries a refused call again when the server asks for it: 429 and 503 with `Retry-After`.
 *
 * Bounds: `tries` calls, and no pause longer than `longestMs`: a server that asks for more is not waited for. A 429 was
 * refused before it was read, so anything is repeated; after a 503 the call may have had its effect, so only what changes
 * nothing when it comes twice is: reading, and what carries an idempotency key.
 */

/** How patient a client is. */
export interface Patience {
  /** Calls made at most, the first included. */
  readonly tries: number;
  /** Milliseconds. */
  readonly longestMs: number;
  /** Uniform in [0, 1): spreads those who were refused together. */
  readonly random: () => number;
  /** Rejects when the signal aborts. */
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** What a person waits for at a terminal. */
export const PATIENT: Patience = { tries: 4, longestMs: 15_000, random: Math.random, pause };

/** Calls until the answer is no such refusal or the bounds are reached; the last answer. */
export async function withPatience(
  call: () => Promise<Response>,
  patience: Patience,
  { repeatable, signal }: { readonly repeatable: boolean; readonly signal?: AbortSignal | undefined },
): Promise<Response> {
  for (let made = 1; ; made++) {
    const response = await call();
    const askedMs = pauseAskedFor(response, repeatable);
    if (askedMs === null || askedMs > patience.longestMs || made >= patience.tries) return response;
    // What is not read keeps its connection.
    await response.body?.cancel();
    await patience.pause(askedMs + patience.random() * Math.min(1_000, askedMs), signal);
  }
}

function pauseAskedFor(response: Response, repeatable: boolean): number | null {
  if (response.status !== 429 && !(response.status === 503 && repeatable)) return null;
  const seconds = response.headers.get('retry-after');
  return seconds !== null && /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1_000 : null;
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', aborted, { once: true });
    function done(): void {
      signal?.removeEventListener('abort', aborted);
      resolve();
    }
    function aborted(): void {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    }
  });
}
