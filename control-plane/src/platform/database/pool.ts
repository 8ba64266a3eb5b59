/**
 * The way to PostgreSQL: a pool of connections with named statements and transactions.
 *
 * Invariants
 * - A broken idle connection never ends the process; the next call gets a new one.
 * - What may have been carried out is never sent twice: only connecting, and statements declared idempotent, are retried.
 * - `transaction` resolves only after the server said COMMIT. A commit whose answer was lost is COMMIT_UNKNOWN, and a
 *   transaction that the server had already aborted is never taken for a committed one.
 * - At most `max` connections and `maxWaiting` waiting calls; beyond that, DATABASE_BUSY at once.
 */
import { Pool, type PoolClient, type QueryResult, type QueryResultRow } from 'pg';
import { silentLog, type Log } from '../log.ts';
import { listText } from './array-text.ts';
import { backoffMs, pause } from './backoff.ts';
import { busy, commitUnknown, explained } from './call-faults.ts';
import { connectionConfig } from './connection.ts';
import { isConnectionLoss, isRolledBackByConflict, isStaleStatement } from './failure.ts';
import { openListener, type ListenOptions, type NotificationHandler, type Subscription } from './listener.ts';
import { openingOf, withTenant, type TransactionOptions } from './opening.ts';
import type { Statement } from './statement.ts';
import { presentWitness } from './witness.ts';

/** Where a statement can be run: on the database, each by itself, or inside a transaction. */
export interface Queryable {
  /** The rows, typed by the statement. */
  query<Row>(statement: Statement<Row>): Promise<Row[]>;
  /** How many rows were inserted, updated or deleted. */
  execute(statement: Statement): Promise<number>;
}

/**
 * An open transaction; unusable once the function that got it has returned. Statements are carried out in the order in
 * which they were given, also without waiting for their answers in between; when one fails, all after it do.
 */
export interface Transaction extends Queryable {
  /** Runs several statements without parameters; for migrations and fixtures. */
  script(text: string): Promise<void>;
}

/** A login's way to the tables: statements by themselves, each one whole, and transactions. */
export interface Connection extends Queryable {
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
}

/** What the work of tenants is handed: it reaches nothing but the rows of the tenant that it names (row-level security). */
export interface TenantDatabase {
  /**
   * As the login of tenants' requests. The tenant comes from the verified caller, never from what they sent. Each statement
   * runs in a transaction that says whose it is; a statement by itself costs one round trip more only if it may not be
   * repeated.
   */
  of(tenant: string): Connection;
}

/** The whole: by itself as the login of the installation's own work (`casare_system`), and `of` a tenant. */
export interface Database extends Connection, TenantDatabase {
  readonly url: string;
  /** Hears notifications on a dedicated connection that reconnects itself; some are lost meanwhile: polling is the truth. */
  listen(channel: string, handler: NotificationHandler, options?: ListenOptions): Promise<Subscription>;
  /** Wakes listeners, coalesced on the dedicated connection; at most 7,000 bytes; may be lost, never throws later. */
  notify(channel: string, payload?: string): void;
  /** Ends all connections; calls in flight get at most `graceMs` (default 3,000) to finish. */
  close(graceMs?: number): Promise<void>;
}

export interface DatabaseOptions {
  readonly log?: Log;
  /** Connections at most; default 20. */
  readonly max?: number;
  /** Calls that may wait for a connection; default 2,000. */
  readonly maxWaiting?: number;
  /** How long a call waits for a server that is away, in milliseconds; default 15,000. */
  readonly reconnectMs?: number;
  /**
   * How long a transaction of ours may leave the server waiting for its next statement, in milliseconds; default 10,000.
   * Then the server ends it: a process that stands still must not keep its locks from all others.
   */
  readonly idleTransactionMs?: number;
  /** The login for `of`; default: the same as for everything else, which only tools and tests want. */
  readonly appUrl?: string;
  /** False behind a transaction pooler without prepared statements; default: unless the URL says `pgbouncer=true`. */
  readonly prepare?: boolean;
  /** A direct connection for LISTEN, past any pooler; null: nobody is heard or told, and polling must do. Default: the URL. */
  readonly listenUrl?: string | null;
  readonly applicationName?: string;
  readonly random?: () => number;
}

const IDLE_TRANSACTION_MS = 10_000;
const LISTENER_SETTINGS = { baseMs: 50, capMs: 2_000 };

/** Opens a pool for each login. Connects lazily; use `ready` first to learn whether the server answers. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const system = openLogin(url, options);
  const app = options.appUrl === undefined ? system : openLogin(options.appUrl, options);
  const { log = silentLog, random = Math.random, listenUrl = url } = options;
  const config = listenUrl === null ? null : connectionConfig(listenUrl, options.applicationName);
  const listener = openListener({ config, log, backoff: { ...LISTENER_SETTINGS, random } });
  return {
    url,
    query: async <Row>(statement: Statement<Row>) => (await runAlone(system, statement)).rows as Row[],
    execute: async (statement) => (await runAlone(system, statement)).rowCount ?? 0,
    transaction: (work, settings) => runTransaction(system, work, settings ?? {}),
    of: (tenant) => ({
      query: async <Row>(statement: Statement<Row>) => (await runOf(app, tenant, statement)).rows as Row[],
      execute: async (statement) => (await runOf(app, tenant, statement)).rowCount ?? 0,
      transaction: (work, settings) => runTransaction(app, work, withTenant(settings ?? {}, tenant)),
    }),
    listen: (channel, handler, settings) => listener.listen(channel, handler, settings),
    notify: (channel, payload) => listener.notify(channel, payload),
    close: async (graceMs = 3_000) => {
      await listener.close();
      await Promise.all(app === system ? [system.close(graceMs)] : [system.close(graceMs), app.close(graceMs)]);
    },
  };
}

/** The connections of one login. */
interface Login {
  readonly acquire: Acquire;
  readonly opening: (options: TransactionOptions) => string;
  readonly prepare: boolean;
  readonly random: () => number;
  close(graceMs: number): Promise<void>;
}

function openLogin(url: string, options: DatabaseOptions): Login {
  const { log = silentLog, random = Math.random, idleTransactionMs = IDLE_TRANSACTION_MS } = options;
  const config = connectionConfig(url, options.applicationName);
  // A statement does not wait for the answer of the one before: those that a transaction sends at once share a round trip.
  const pool = new Pool({ ...config, max: options.max ?? 20, idleTimeoutMillis: 30_000, pipeline: true });
  // Without this listener the end of an idle connection would be an uncaught exception.
  pool.on('error', (error) => log.warn('an idle database connection ended', { error: error.message }));
  const clients = new Set<PoolClient>();
  pool.on('connect', (client) => clients.add(client));
  pool.on('remove', (client) => clients.delete(client));
  return {
    acquire: acquirer(pool, url, options, random),
    opening: (settings) => openingOf(settings, idleTransactionMs),
    prepare: options.prepare ?? new URL(url).searchParams.get('pgbouncer') !== 'true',
    random,
    async close(graceMs) {
      // A wait that went on would keep a process that has nothing more to do.
      const ended = new AbortController();
      await Promise.race([pool.end(), pause(graceMs, ended.signal)]);
      ended.abort();
      for (const client of clients) client.connection.stream.destroy();
    },
  };
}

type Acquire = (opening?: string) => Promise<PoolClient>;

/** Gives a connection on which `opening` has already succeeded; waits a bounded time for a server that is away. */
function acquirer(pool: Pool, url: string, options: DatabaseOptions, random: () => number): Acquire {
  const maxWaiting = options.maxWaiting ?? 2_000;
  const reconnectMs = options.reconnectMs ?? 15_000;
  let waiting = 0;
  return async (opening) => {
    if (waiting >= maxWaiting) throw busy(url, `${waiting} calls are waiting for a connection`);
    waiting += 1;
    try {
      const deadline = performance.now() + reconnectMs;
      for (let attempt = 1; ; attempt++) {
        try {
          return await connect(pool, opening);
        } catch (error) {
          if (isPoolTimeout(error)) throw busy(url, 'every connection is in use');
          if (!isConnectionLoss(error) || performance.now() >= deadline || pool.ending)
            throw explained(error, 'nothing');
        }
        await pause(backoffMs(attempt, { baseMs: 50, capMs: 1_000, random }));
      }
    } finally {
      waiting -= 1;
    }
  };
}

async function connect(pool: Pool, opening: string | undefined): Promise<PoolClient> {
  const client = await pool.connect();
  client.on('error', ignore); // pg removes its own listener while a connection is lent.
  if (opening === undefined) return client;
  try {
    await client.query(opening);
    return client;
  } catch (error) {
    giveBack(client, true);
    throw error;
  }
}

/** A transaction that is being opened. */
interface Opening {
  /** What its opening was sent to: good for statements that may run outside a transaction too. */
  readonly client: PoolClient;
  /** Where the transaction is open: another connection when the first turned out to be broken. */
  readonly opened: Promise<PoolClient>;
}

/** Sends the opening without waiting for its answer. */
async function begin(acquire: Acquire, opening: string): Promise<Opening> {
  const client = await acquire();
  const opened = client.query(opening).then(
    () => client,
    (error: unknown) => {
      giveBack(client, true);
      if (isConnectionLoss(error)) return acquire(opening);
      throw error;
    },
  );
  opened.catch(ignore); // Whoever sends a statement hears of it.
  return { client, opened };
}

function giveBack(client: PoolClient, broken: boolean): void {
  client.release(broken);
  client.removeListener('error', ignore);
}

async function runAlone({ acquire, prepare }: Login, statement: Statement): Promise<QueryResult> {
  if (statement.idempotent !== true) await presentWitness()?.beforeStatement();
  return repeating(acquire, statement, (client) => send(client, statement, prepare));
}

/** A statement by itself, of a tenant: opening, statement and COMMIT in one flight where it may be repeated. */
function runOf(login: Login, tenant: string, statement: Statement): Promise<QueryResult> {
  const { acquire, opening, prepare } = login;
  if (statement.idempotent !== true) {
    return runTransaction(login, (_, run) => run(statement), withTenant({}, tenant));
  }
  const text = opening(withTenant({}, tenant));
  return repeating(acquire, statement, async (client) => {
    const flight = [client.query(text), send(client, statement, prepare), client.query('commit')] as const;
    for (const part of await Promise.allSettled(flight)) if (part.status === 'rejected') throw part.reason;
    return flight[1];
  });
}

async function repeating(
  acquire: Acquire,
  statement: Statement,
  run: (client: PoolClient) => Promise<QueryResult>,
): Promise<QueryResult> {
  for (let attempt = 1; ; attempt++) {
    const client = await acquire();
    let broken = false;
    try {
      return await run(client);
    } catch (error) {
      const stale = isStaleStatement(error);
      broken = stale || isConnectionLoss(error);
      const again = stale || (broken && statement.idempotent === true);
      if (attempt >= 3 || !again) throw explained(error, statement.idempotent === true ? 'nothing' : 'unknown');
    } finally {
      giveBack(client, broken);
    }
  }
}

function send(client: PoolClient, statement: Statement, prepare: boolean): Promise<QueryResult<QueryResultRow>> {
  const { name, text } = statement;
  const values = statement.values.map(listText);
  return client.query(prepare ? { name, text, values } : { text, values });
}

type Run = (statement: Statement) => Promise<QueryResult>;
/** Of a transaction, with the whole answers for those who want more than rows. */
type Work<T> = (tx: Transaction, run: Run) => Promise<T>;

async function runTransaction<T>(login: Login, work: Work<T>, options: TransactionOptions): Promise<T> {
  const { acquire, opening, prepare, random } = login;
  const text = opening(options);
  const attempts = Math.min(Math.max(options.attempts ?? 1, 1), 10);
  for (let attempt = 1; ; attempt++) {
    try {
      const seen = options.readOnly ? work : witnessedBy(work);
      return await tryTransaction(await begin(acquire, text), seen, prepare);
    } catch (error) {
      const again = isRolledBackByConflict(error) || isStaleStatement(error);
      if (attempt >= attempts || !again) throw explained(error, 'nothing');
    }
    await pause(backoffMs(attempt, { baseMs: 5, capMs: 200, random }));
  }
}

/** What changes something is seen by its request's witness before it is committed. */
function witnessedBy<T>(work: Work<T>): Work<T> {
  const witness = presentWitness();
  if (witness === undefined) return work;
  return async (tx, run) => {
    const result = await work(tx, run);
    await witness.beforeCommit(tx);
    return result;
  };
}

async function tryTransaction<T>(opening: Opening, work: Work<T>, prepare: boolean): Promise<T> {
  const open = { value: true };
  let client: PoolClient | null = null;
  let broken = false;
  try {
    const { tx, run } = transactionOn(opening, prepare, open);
    const result = await work(tx, run);
    open.value = false;
    client = await opening.opened;
    await commit(client);
    return result;
  } catch (error) {
    open.value = false;
    client = await opening.opened.catch(() => null);
    broken = client !== null && (isStaleStatement(error) || !(await rolledBack(client)));
    throw error;
  } finally {
    if (client !== null) giveBack(client, broken);
  }
}

function transactionOn(
  opening: Opening,
  prepare: boolean,
  open: { readonly value: boolean },
): { readonly tx: Transaction; readonly run: Run } {
  let first: { readonly cause: unknown } | null = null;
  const runs = senderOf(opening, prepare);
  const run = async (statement: Statement): Promise<QueryResult> => {
    if (!open.value) throw new Error(`statement ${statement.name} came after the end of its transaction`);
    try {
      return await runs(statement);
    } catch (cause) {
      // Those that were sent behind the one that failed only say that something had.
      first ??= { cause };
      throw first.cause;
    }
  };
  const tx: Transaction = {
    query: async <Row>(statement: Statement<Row>) => (await run(statement)).rows as Row[],
    execute: async (statement) => (await run(statement)).rowCount ?? 0,
    script: async (text) => {
      if (!open.value) throw new Error('a script came after the end of its transaction');
      await (await opening.opened).query(text);
    },
  };
  return { tx, run };
}

/**
 * Sends the statements of a transaction in their order. Those that would do no harm outside of it do not wait until it is
 * open: their answers do.
 */
function senderOf({ client, opened }: Opening, prepare: boolean): (statement: Statement) => Promise<QueryResult> {
  let open: PoolClient | null = null;
  let waiting = 0;
  opened.then((where) => void (open = where), ignore);
  return async (statement) => {
    if (waiting === 0 && open !== null) return send(open, statement, prepare);
    if (waiting === 0 && statement.idempotent === true) {
      const early = send(client, statement, prepare);
      early.catch(ignore);
      const where = await opened;
      return where === client ? early : send(where, statement, prepare);
    }
    waiting += 1;
    const where = await opened.finally(() => (waiting -= 1));
    return send(where, statement, prepare);
  };
}

async function commit(client: PoolClient): Promise<void> {
  let answer: QueryResult;
  try {
    answer = await client.query('commit');
  } catch (cause) {
    if (!isConnectionLoss(cause)) throw cause;
    throw commitUnknown(cause);
  }
  // An aborted transaction answers COMMIT with ROLLBACK, without an error.
  if (answer.command !== 'COMMIT') throw new Error('the transaction had failed earlier and was rolled back');
}

async function rolledBack(client: PoolClient): Promise<boolean> {
  return client.query('rollback').then(
    () => true,
    () => false,
  );
}

function isPoolTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout exceeded when trying to connect';
}

function ignore(): void {
  // The query that was running reports the error; this listener only keeps the process alive.
}
