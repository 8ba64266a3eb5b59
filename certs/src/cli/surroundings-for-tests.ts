/** For tests: a program whose words are kept, whose clock stands still, and that finds no server unless one is given. */
import type { Surroundings } from './desk.ts';
import { CliError } from './exit.ts';
import { run } from './program.ts';

export const NOW = new Date('2026-11-02T12:00:00Z');

/** What a call said, and how it ended. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs `casare-certs` with `args`. */
export async function call(args: readonly string[], more: Partial<Surroundings> = {}): Promise<Said> {
  const said = { out: '', error: '' };
  const code = await run(args, {
    out: (text) => (said.out += text),
    error: (text) => (said.error += text),
    env: {},
    signal: new AbortController().signal,
    now: () => NOW,
    connect: () => Promise.reject(new CliError('USAGE', 'no server in this test', 2)),
    readInput: () => Promise.resolve(''),
    ...more,
  });
  return { code, ...said };
}
