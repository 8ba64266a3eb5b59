/** The last thing that went wrong, as the log has it, for `status`: what happened, and what to do about it. */
import type { Log } from './log.ts';

export interface LastError {
  readonly at: string;
  readonly level: 'warn' | 'error';
  /** One line. */
  readonly message: string;
}

const MESSAGE = 1_000;

/** A log that remembers: an error is not forgotten for a warning that came after it. */
export function remembering(log: Log, now: () => number): { log: Log; last: () => LastError | null } {
  let last: LastError | null = null;
  return {
    last: () => last,
    log: (level, message) => {
      log(level, message);
      if (level !== 'warn' && level !== 'error') return;
      if (level === 'warn' && last?.level === 'error') return;
      last = { at: new Date(now()).toISOString(), level, message: message.slice(0, MESSAGE) };
    },
  };
}
