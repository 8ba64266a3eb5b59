/** One check of `doctor`. */
import { describe, Fault } from '../fault.ts';

export interface Check {
  readonly name: string;
  readonly result: 'ok' | 'warning' | 'failed';
  /** What was found, one line. */
  readonly found: string;
  /** What to do; empty when nothing is wrong. */
  readonly fix: string;
}

/** A check that broke has failed. Our own errors say after their code what happened, and behind a colon what to do. */
export function broken(name: string, error: unknown): Check {
  const text = describe(error);
  const cut = text.lastIndexOf(': ');
  if (!(error instanceof Fault)) return failed(name, text, 'see the agent log');
  if (cut === -1) return failed(name, `${error.code}: ${text}`, 'see the agent log');
  return failed(name, `${error.code}: ${text.slice(0, cut)}`, text.slice(cut + 2));
}

export function ok(name: string, found: string): Check {
  return { name, result: 'ok', found, fix: '' };
}

export function warning(name: string, found: string, fix: string): Check {
  return { name, result: 'warning', found, fix };
}

export function failed(name: string, found: string, fix: string): Check {
  return { name, result: 'failed', found, fix };
}
