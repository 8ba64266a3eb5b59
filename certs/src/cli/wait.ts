/** Waits for something that a server knows, by looking at it again and again. */
import { setTimeout as pause } from 'node:timers/promises';
import { CliError, EXIT } from './exit.ts';

const LOOK_MS = 1_000;

export interface WaitOptions<T> {
  /** For the message of a timeout. */
  readonly what: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** One look; null when it is not there yet. */
  readonly look: () => Promise<T | null>;
}

/** What `look` found in the end. Throws WAIT_TIMEOUT (exit code 7), or what `look` throws. */
export async function waitFor<T>({ what, timeoutSeconds, signal, look }: WaitOptions<T>): Promise<T> {
  const end = performance.now() + timeoutSeconds * 1_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() + LOOK_MS > end) {
      const message = `After ${timeoutSeconds} s still waiting (${what}): look at it, or wait longer with --timeout`;
      throw new CliError('WAIT_TIMEOUT', message, EXIT.timeout);
    }
    await pause(LOOK_MS, undefined, { signal });
  }
}
