/**
 * The one error class for everything a person can meet: what happened, why, what to do, and a stable code.
 *
 * Invariants: `code` is UPPER_SNAKE and never changes its meaning; no part carries a secret; the line stays one line.
 */

/** What a fault says. `what`, `why` and `fix` are phrases without a full stop at the end. */
export interface FaultParts {
  /** Stable, UPPER_SNAKE; programs and documents rely on it. */
  readonly code: string;
  /** What happened, e.g. `The database could not be started`. */
  readonly what: string;
  /** Why, e.g. `port 8080 is in use`. */
  readonly why?: string;
  /** What to do about it, e.g. `Set CASARE_WEB_PORT to a free port`. */
  readonly fix?: string;
  /** HTTP status when the fault answers a request; mapped in one place. */
  readonly status?: number;
  readonly cause?: unknown;
}

const LINE_LIMIT = 1_000;
const CODE = /^[A-Z][A-Z0-9_]{2,63}$/;

/** An error a person can act upon. Expected outcomes of a decision are return values, not faults. */
export class Fault extends Error {
  readonly code: string;
  readonly what: string;
  readonly why: string | undefined;
  readonly fix: string | undefined;
  readonly status: number | undefined;

  constructor(parts: FaultParts) {
    super(sentence(parts), parts.cause === undefined ? undefined : { cause: parts.cause });
    if (!CODE.test(parts.code)) throw new TypeError(`fault code ${JSON.stringify(parts.code)} is not UPPER_SNAKE`);
    this.name = 'Fault';
    this.code = parts.code;
    this.what = parts.what;
    this.why = parts.why;
    this.fix = parts.fix;
    this.status = parts.status;
  }

  /** `CODE: what: why. fix.` on a single line of at most 1,000 characters. */
  toLine(): string {
    return shorten(`${this.code}: ${this.message}`);
  }
}

/** The single line for any thrown value: a fault's own line, otherwise the error's message. */
export function lineOf(error: unknown): string {
  if (error instanceof Fault) return error.toLine();
  return shorten(oneLine(error instanceof Error ? error.message || error.name : String(error)));
}

function sentence(parts: FaultParts): string {
  const head = parts.why === undefined ? parts.what : `${parts.what}: ${parts.why}`;
  return [head, parts.fix]
    .filter((part): part is string => part !== undefined && part !== '')
    .map((part) => `${oneLine(part).replace(/\.$/, '')}.`)
    .join(' ');
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}

function shorten(line: string): string {
  return line.length <= LINE_LIMIT ? line : `${line.slice(0, LINE_LIMIT - 1)}…`;
}
