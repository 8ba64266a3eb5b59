/**
 * Structured logging: a small `Log` interface for everybody, and the pino-backed implementation behind it.
 *
 * Invariants: a value under a key that names a credential never reaches the destination, at any depth, nor does the
 * password inside a URL; a log call never throws; nested fields are bounded in depth and length.
 */
import { pino, type DestinationStream } from 'pino';

export type LogFields = Readonly<Record<string, unknown>>;

/** What a part of the program needs in order to log. `fields` are structured data; the message stays constant. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A log that can make logs for its parts. */
export interface RootLog extends Log {
  /** The same log with fields on every line, e.g. `{ part: 'gateway' }`. */
  child(fields: LogFields): RootLog;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level: LogLevel;
  /** Program name, on every line. */
  readonly name: string;
  /** Where lines go; default: standard error, so that standard output stays for results. */
  readonly destination?: DestinationStream;
}

/** Creates the program's log: one JSON object a line. */
export function createLog(options: LogOptions): RootLog {
  const destination = options.destination ?? pino.destination({ fd: 2, sync: true });
  const root = pino(
    {
      name: options.name,
      level: options.level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return wrap(root);
}

/** Discards everything; for tests and for callers that log elsewhere. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

const CREDENTIAL = /password|secret|token|authorization|api[-_]?key|cookie/i;
/** Keys that talk about a credential without holding one, e.g. `tokenId`. */
const HARMLESS = /(?:Id|Ids|Name|Names|Count|At)$/;
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s@/]+@/gi;
const DEPTH_LIMIT = 6;
const LIST_LIMIT = 100;

/** A copy of `value` that is safe to write: credentials replaced, errors unfolded, depth and lists bounded. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.replace(URL_PASSWORD, '$1:[redacted]@');
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= DEPTH_LIMIT) return '[deep]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, LIST_LIMIT).map((item) => redact(item, depth + 1));
  return redactFields(value instanceof Error ? errorFields(value) : value, depth);
}

function redactFields(fields: object, depth: number): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields).slice(0, LIST_LIMIT)) {
    safe[key] = CREDENTIAL.test(key) && !HARMLESS.test(key) ? '[redacted]' : redact(field, depth + 1);
  }
  return safe;
}

function errorFields(error: Error): object {
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  };
}

function wrap(target: pino.Logger): RootLog {
  const write = (level: Exclude<LogLevel, 'silent'>) => (message: string, fields?: LogFields) => {
    if (!target.isLevelEnabled(level)) return;
    target[level](fields === undefined ? {} : redactFields(fields, 0), redact(message) as string);
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(target.child(redactFields(fields, 0))),
  };
}
