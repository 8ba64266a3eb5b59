/** How the CLI ends: stable exit codes (design section 16), and errors as lines a person can act upon. */
import { ApiError } from '@casare/shared/client';
import { plain } from '@casare/shared/terminal';
import { CommanderError } from 'commander';
import { ConfigFileInvalid } from '../platform/config-file.ts';
import { Fault, lineOf } from '../platform/errors.ts';

export const EXIT = { ok: 0, error: 1, usage: 2, notAuthorised: 3, notFound: 4, jobFailed: 5, timeout: 7 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A mistake in how a command was called. */
export class UsageError extends Error {}

/** The exit code of an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError || error instanceof ConfigFileInvalid) return EXIT.usage;
  if (!(error instanceof ApiError)) return EXIT.error;
  const { status } = error.problem;
  if (status === 401 || status === 403) return EXIT.notAuthorised;
  return status === 404 ? EXIT.notFound : EXIT.error;
}

/** The lines of an error: one, or when a document or request has several problems, one more for each. */
export function linesOf(error: unknown): string[] {
  // Commander has said it already.
  if (error instanceof CommanderError) return [];
  if (error instanceof UsageError) return [plain(`USAGE: ${error.message}`)];
  if (error instanceof ConfigFileInvalid) return [error.toLine(), ...error.lines].map(plain);
  if (error instanceof Fault) return [plain(error.toLine())];
  if (!(error instanceof ApiError)) return [plain(lineOf(error))];
  const { code, title, fix = '', problems = [] } = error.problem;
  // The detail tells the only problem; several are listed.
  if (problems.length < 2) return [plain(`${code}: ${error.message}`)];
  return [plain(`${code}: ${title} ${fix}`.trimEnd()), ...problems.map(problemLine)];
}

/** `line 3, column 5: there is no step …` */
export function problemLine(problem: {
  path: string;
  message: string;
  line?: number | undefined;
  column?: number | undefined;
}): string {
  const at = problem.line === undefined ? problem.path : `line ${problem.line}, column ${problem.column ?? 1}`;
  return `  ${plain(at)}: ${plain(problem.message)}`;
}
