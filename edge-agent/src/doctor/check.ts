/** One result of a check of `doctor`. */
import { describe, Fault } from '../fault.ts';
import { type CheckName, type FindingCode, findingOf } from './findings.ts';

export interface Check {
  readonly name: CheckName;
  readonly result: 'ok' | 'warning' | 'failed';
  /** Stable; null when nothing is wrong. */
  readonly code: string | null;
  /** What was found, one line. */
  readonly found: string;
  /** What to do; empty when nothing is wrong. */
  readonly fix: string;
}

/** A check that has run, and how long it took. */
export interface TimedCheck extends Check {
  readonly ms: number;
}

export function ok(name: CheckName, found: string): Check {
  return { name, result: 'ok', code: null, found, fix: '' };
}

/** Something is wrong; `fix` where it can be said more exactly than in general. */
export function finding(name: CheckName, code: FindingCode, found: string, fix?: string): Check {
  const kind = findingOf(code);
  return { name, result: kind?.result ?? 'failed', code, found, fix: fix ?? plainFix(kind?.fix ?? '') };
}

/** A check that broke has failed. Our own errors say after their code what happened, and behind a colon what to do. */
export function broken(name: CheckName, error: unknown): Check {
  const text = describe(error);
  if (!(error instanceof Fault)) return finding(name, 'CHECK_FAILED', text);
  const { code } = error;
  const cut = text.lastIndexOf(': ');
  const fix = cut === -1 ? plainFix(findingOf(code)?.fix ?? 'see the agent log') : text.slice(cut + 2);
  return { name, result: 'failed', code, found: cut === -1 ? text : text.slice(0, cut), fix };
}

/** For a terminal: without the marks of Markdown. */
function plainFix(text: string): string {
  return text.replaceAll('`', '').replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1');
}
