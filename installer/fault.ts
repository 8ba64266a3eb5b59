/**
 * A packaging build that cannot go on: one line that says what happened, why, and what to do, with a stable code.
 */
export class BuildFault extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'BuildFault';
    this.code = code;
  }
}
