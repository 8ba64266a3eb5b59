/**
 * How a connection is made: the URL, its value types, and the check that the server answers and is one we can use.
 *
 * Invariants: no message contains the password; value parsers belong to our connections only, never to pg's globals.
 */
import { Client, types, type ClientConfig, type CustomTypesConfig } from 'pg';
import { Fault } from '../errors.ts';
import { backoffMs, pause } from './backoff.ts';
import { failureCode, isConnectionLoss } from './failure.ts';
import { sql, type Statement } from './statement.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const OLDEST_SERVER = 150_000;

/** The settings every connection of ours shares. */
export function connectionConfig(url: string, applicationName = 'casare'): ClientConfig {
  return {
    connectionString: checkedUrl(url).href,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: valueTypes,
  };
}

/** `host:port/database`, fit for messages. */
export function describeUrl(url: string): string {
  const { hostname, port, pathname, searchParams } = checkedUrl(url);
  return `${hostname || searchParams.get('host')}:${port || '5432'}${pathname}`;
}

/** The same server, another database. */
export function withDatabase(url: string, database: string): string {
  const changed = checkedUrl(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}

/** The same database, as somebody else. */
export function withLogin(url: string, user: string, password: string): string {
  const changed = checkedUrl(url);
  changed.username = encodeURIComponent(user);
  changed.password = encodeURIComponent(password);
  return changed.href;
}

/** Whoever pools connections gives clients process numbers of its own making, so that they differ from the server's. */
const backend = sql<{ pid: number }, []>('connectionBackend', 'SELECT pg_backend_pid() AS pid');

/** Whether a pooler stands between: then a connection is the server's for one transaction only, and remembers nothing. */
export async function isPooled(url: string): Promise<boolean> {
  let told: number | undefined;
  const [found] = await ask(url, backend(), (client) => (told = (client as { processID?: number }).processID));
  return found?.pid !== told;
}

/** One statement on a connection of its own. */
export async function ask<Row>(
  url: string,
  { text, values }: Statement<Row>,
  onConnected: (client: object) => void = () => undefined,
): Promise<Row[]> {
  const client = new Client(connectionConfig(url));
  client.on('error', () => undefined); // The connection's end is seen by the query; without a listener it ends the process.
  try {
    await client.connect();
    onConnected(client);
    return (await client.query({ text, values: [...values] })).rows as Row[];
  } finally {
    await client.end().catch(() => undefined);
  }
}

export interface ReadyOptions {
  /** Tries before giving up; 1 to 1,000; default 10 (about 15 seconds). */
  readonly attempts?: number;
  readonly random?: () => number;
  readonly signal?: AbortSignal;
}

/**
 * Waits until the database of `url` answers and is usable: PostgreSQL 15 or newer, UTF8.
 * Throws a Fault DATABASE_UNREACHABLE, DATABASE_LOGIN_REFUSED, DATABASE_MISSING, DATABASE_TOO_OLD,
 * DATABASE_ENCODING or DATABASE_URL_INVALID.
 */
export async function ready(url: string, options: ReadyOptions = {}): Promise<void> {
  const attempts = Math.min(Math.max(options.attempts ?? 10, 1), 1_000);
  const backoff = { baseMs: 100, capMs: 3_000, random: options.random ?? Math.random };
  for (let attempt = 1; ; attempt++) {
    try {
      await checkServer(url);
      return;
    } catch (error) {
      if (!isConnectionLoss(error)) throw error instanceof Fault ? error : refused(url, error);
      if (attempt >= attempts || options.signal?.aborted) throw unreachable(url, error);
    }
    await pause(backoffMs(attempt, backoff), options.signal);
  }
}

const serverStanding = sql<{ version: string; encoding: string }, []>(
  'connectionServer',
  `SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding`,
);

async function checkServer(url: string): Promise<void> {
  const [found] = await ask(url, serverStanding());
  const { version = '0', encoding = '' } = found ?? {};
  if (Number(version) < OLDEST_SERVER) throw tooOld(url, Number(version));
  if (encoding !== 'UTF8') throw wrongEncoding(url, encoding);
}

const INT8 = 20;
const INT8_LIST = 1016;
const DATE = 1082;
/** pg declares the numbers it knows as an enum; any other is text to it. */
type Parse = (value: string) => unknown;
const parserOf = types.getTypeParser as unknown as (oid: number, format: 'text' | 'binary') => Parse;

/**
 * int8 as number while it is exact, otherwise its decimal text; `date` as its text (a calendar day has no time zone);
 * `timestamptz` as Date; the rest as pg does it.
 */
const valueTypes: CustomTypesConfig = {
  getTypeParser(oid: number, format?: string) {
    if (format === 'binary') return parserOf(oid, 'binary');
    if (oid === INT8) return exactNumber;
    if (oid === INT8_LIST) return (text: string) => exactNumbers(parserOf(INT8_LIST, 'text')(text));
    if (oid === DATE) return (text: string) => text;
    return parserOf(oid, 'text');
  },
};

function exactNumber(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

function exactNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(exactNumbers);
  return typeof value === 'string' ? exactNumber(value) : value;
}

function checkedUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const host = parsed?.hostname || parsed?.searchParams.get('host'); // A socket's directory is given as `?host=`.
  if (parsed && host && /^postgres(ql)?:$/.test(parsed.protocol)) return parsed;
  throw new Fault({
    code: 'DATABASE_URL_INVALID',
    what: 'The database URL cannot be read',
    why: 'it is not of the form postgres://user:password@host:port/database',
    fix: 'Correct CASARE_DATABASE_URL, or unset it to use the embedded database',
  });
}

function unreachable(url: string, cause: unknown): Fault {
  const code = failureCode(cause);
  return new Fault({
    code: 'DATABASE_UNREACHABLE',
    what: `The database at ${describeUrl(url)} does not answer`,
    why: code ?? (cause instanceof Error ? cause.message : String(cause)),
    fix: 'Start it, or correct CASARE_DATABASE_URL, or unset it to use the embedded database',
    status: 503,
    cause,
  });
}

function refused(url: string, cause: unknown): unknown {
  const code = failureCode(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (code === '3D000') {
    return new Fault({
      code: 'DATABASE_MISSING',
      what: `The server has no such database (${describeUrl(url)})`,
      why: reason,
      fix: 'Create it, or correct CASARE_DATABASE_URL',
      cause,
    });
  }
  if (code?.startsWith('28') || /password|SASL|no pg_hba/i.test(reason)) {
    return new Fault({
      code: 'DATABASE_LOGIN_REFUSED',
      what: `The database at ${describeUrl(url)} refused the login`,
      why: reason,
      fix: 'Correct the user and the password in CASARE_DATABASE_URL',
      cause,
    });
  }
  return unreachable(url, cause);
}

function tooOld(url: string, version: number): Fault {
  return new Fault({
    code: 'DATABASE_TOO_OLD',
    what: `The database at ${describeUrl(url)} cannot be used`,
    why: `it is PostgreSQL ${Math.floor(version / 10_000)}, and 15 or newer is needed`,
    fix: 'Upgrade the server, or unset CASARE_DATABASE_URL to use the embedded database',
  });
}

function wrongEncoding(url: string, encoding: string): Fault {
  return new Fault({
    code: 'DATABASE_ENCODING',
    what: `The database at ${describeUrl(url)} cannot be used`,
    why: `its encoding is ${encoding}, and UTF8 is needed`,
    fix: "Create it with ENCODING 'UTF8' TEMPLATE template0",
  });
}
