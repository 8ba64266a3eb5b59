/** How `casare-certs` ends: stable exit codes, and errors as one line with a stable code. */
import { ApiError } from '@casare/shared/client';
import { plain } from '@casare/shared/terminal';
import { CommanderError } from 'commander';

/** What each exit code means; scripts rely on them. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  notAuthorised: 3,
  notFound: 4,
  gateUnmet: 5,
  conflict: 6,
  timeout: 7,
  partial: 8,
  signerDown: 9,
  attention: 10,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For the documentation. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'ok',
  1: 'error',
  2: 'wrong usage',
  3: 'not authorised',
  4: 'not found',
  5: 'a gate is not met',
  6: 'conflict: somebody else was faster, or the state does not allow it',
  7: 'timeout',
  8: 'partial: some of several things failed',
  9: 'the signer is down',
  10: 'attention: something ends soon',
};

/** An error of this program: one line that says what happened, why, and what to do. */
export class CliError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, exitCode: ExitCode = EXIT.error) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** A mistake in how a command was called. */
export function usage(message: string): CliError {
  return new CliError('USAGE', message, EXIT.usage);
}

/** Codes of problems with an exit code of their own, whatever their status. */
const BY_CODE: Readonly<Record<string, ExitCode>> = {
  ROTATION_GATE_UNMET: EXIT.gateUnmet,
  SIGNER_DOWN: EXIT.signerDown,
};

/** The exit code of an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CliError) return error.exitCode;
  if (!(error instanceof ApiError)) return EXIT.error;
  const { code, status } = error.problem;
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (status === 401 || status === 403) return EXIT.notAuthorised;
  if (status === 404) return EXIT.notFound;
  return status === 409 || status === 412 ? EXIT.conflict : EXIT.error;
}

/** The line of an error; empty for one that commander has said already. */
export function lineOf(error: unknown): string {
  if (error instanceof CommanderError) return '';
  if (error instanceof CliError) return plain(`${error.code}: ${error.message}`);
  if (error instanceof ApiError) return plain(`${error.problem.code}: ${error.message}`);
  return plain(`UNEXPECTED: ${error instanceof Error ? error.message : String(error)}`);
}
