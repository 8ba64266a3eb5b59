/**
 * An error a person can meet: one line that says what happened, why, and what to do, with a stable code.
 * The CLI prints it and exits with `exitCode`; the service logs it.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  /** Stable, UPPER_SNAKE. */
  readonly code: string;
  /** 1 error, 2 usage, 3 not authorised. */
  readonly exitCode: 1 | 2 | 3;

  constructor(code: string, message: string, options: { exitCode?: 1 | 2 | 3; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The text of anything thrown, on one line, bounded. */
export function describe(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s+/g, ' ').slice(0, 1_000);
}

/** The `code` of a thrown value (`ENOENT`, `ERR_…`), or an empty text. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
