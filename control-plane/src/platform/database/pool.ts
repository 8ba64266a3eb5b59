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
import { escapeLiteral, Pool, type PoolClient, type QueryResult, type QueryResultRow } from 'pg';
import { Fault } from '../errors.ts';
import { silentLog, type Log } from '../log.ts';
import { listText } from './array-text.ts';
import { backoffMs, pause } from './backoff.ts';
import { connectionConfig, describeUrl } from './connection.ts';
import { isConnectionLoss, isDiskFull, isRolledBackByConflict, isStaleStatement } from './failure.ts';
import { openListener, type ListenOptions, type NotificationHandler, type Subscription } from './listener.ts';
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

export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
  /** Set for this transaction only (`SET LOCAL`), e.g. the tenant. Costs no extra round trip. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Tries after serialization failures and deadlocks, 1 to 10; default 1. More than 1 only if `work` has no other effects. */
  readonly attempts?: number;
}

/**
 * Settings of a transaction whose statements find their rows by keys that they are given, a few hundred at most. A hot table
 * is small, full of dead rows, seldom analysed and sometimes empty when a plan is made: by its size the planner would read it
 * whole, again and again, or compare each row with each. So each plan is made once, and the statements leave no other way than
 * an index: `key = ANY (list)`, paired with the list by hashes, or a lateral look for each key, whose cost no setting forbids
 * but which looks large enough to be compiled.
 */
export const BY_KEY = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_nestloop: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
};

export interface Database extends Queryable {
  readonly url: string;
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
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
  /** False behind a transaction pooler without prepared statements; default: unless the URL says `pgbouncer=true`. */
  readonly prepare?: boolean;
  readonly applicationName?: string;
  readonly random?: () => number;
}

const IDLE_TRANSACTION_MS = 10_000;
const LISTENER_SETTINGS = { baseMs: 50, capMs: 2_000 };

/** Opens a pool. Connects lazily; use `ready` first to learn whether the server answers. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const log = options.log ?? silentLog;
  const random = options.random ?? Math.random;
  const config = connectionConfig(url, options.applicationName);
  // A statement does not wait for the answer of the one before: those that a transaction sends at once share a round trip.
  const pool = new Pool({ ...config, max: options.max ?? 20, idleTimeoutMillis: 30_000, pipeline: true });
  // Without this listener the end of an idle connection would be an uncaught exception.
  pool.on('error', (error) => log.warn('an idle database connection ended', { error: error.message }));

  const clients = new Set<PoolClient>();
  pool.on('connect', (client) => clients.add(client));
  pool.on('remove', (client) => clients.delete(client));

  const prepare = options.prepare ?? new URL(url).searchParams.get('pgbouncer') !== 'true';
  const listener = openListener({ config, log, backoff: { ...LISTENER_SETTINGS, random } });
  const acquire = acquirer(pool, url, options, random);

  return {
    url,
    query: async <Row>(statement: Statement<Row>) => (await runAlone(acquire, statement, prepare)).rows as Row[],
    execute: async (statement) => (await runAlone(acquire, statement, prepare)).rowCount ?? 0,
    transaction: (work, settings) => {
      const opening = openingOf(settings ?? {}, options.idleTransactionMs ?? IDLE_TRANSACTION_MS);
      return runTransaction(() => begin(acquire, opening), work, settings ?? {}, prepare, random);
    },
    listen: (channel, handler, settings) => listener.listen(channel, handler, settings),
    notify: (channel, payload) => listener.notify(channel, payload),
    close: async (graceMs = 3_000) => {
      await listener.close();
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
          if (!isConnectionLoss(error) || performance.now() >= deadline || pool.ending) throw error;
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

async function runAlone(acquire: Acquire, statement: Statement, prepare: boolean): Promise<QueryResult> {
  if (statement.idempotent !== true) await presentWitness()?.beforeStatement();
  for (let attempt = 1; ; attempt++) {
    const client = await acquire();
    let broken = false;
    try {
      return await send(client, statement, prepare);
    } catch (error) {
      const stale = isStaleStatement(error);
      broken = stale || isConnectionLoss(error);
      if (attempt >= 3 || !(stale || (broken && statement.idempotent === true))) throw explained(error);
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

async function runTransaction<T>(
  start: () => Promise<Opening>,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
  prepare: boolean,
  random: () => number,
): Promise<T> {
  const attempts = Math.min(Math.max(options.attempts ?? 1, 1), 10);
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryTransaction(await start(), options.readOnly ? work : witnessedBy(work), prepare);
    } catch (error) {
      if (attempt >= attempts || !(isRolledBackByConflict(error) || isStaleStatement(error))) throw explained(error);
    }
    await pause(backoffMs(attempt, { baseMs: 5, capMs: 200, random }));
  }
}

/** What changes something is seen by its request's witness before it is committed. */
function witnessedBy<T>(work: (tx: Transaction) => Promise<T>): (tx: Transaction) => Promise<T> {
  const witness = presentWitness();
  if (witness === undefined) return work;
  return async (tx) => {
    const result = await work(tx);
    await witness.beforeCommit(tx);
    return result;
  };
}

async function tryTransaction<T>(
  opening: Opening,
  work: (tx: Transaction) => Promise<T>,
  prepare: boolean,
): Promise<T> {
  const open = { value: true };
  let client: PoolClient | null = null;
  let broken = false;
  try {
    const result = await work(transactionOn(opening, prepare, open));
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

function transactionOn(opening: Opening, prepare: boolean, open: { readonly value: boolean }): Transaction {
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
  return {
    query: async <Row>(statement: Statement<Row>) => (await run(statement)).rows as Row[],
    execute: async (statement) => (await run(statement)).rowCount ?? 0,
    script: async (text) => {
      if (!open.value) throw new Error('a script came after the end of its transaction');
      await (await opening.opened).query(text);
    },
  };
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

/** The opening of a transaction as one round trip. */
function openingOf(options: TransactionOptions, idleMs: number): string {
  const modes = [
    options.isolation === undefined ? '' : ` isolation level ${options.isolation}`,
    options.readOnly === true ? ' read only' : '',
  ];
  const settings = Object.entries(options.settings ?? {}).map(
    ([name, value]) => `; set local ${checkedName(name)} = ${escapeLiteral(value)}`,
  );
  const begin = `begin${modes.filter((mode) => mode !== '').join(',')}`;
  return `${begin}; set local idle_in_transaction_session_timeout = ${idleMs}${settings.join('')}`;
}

function checkedName(name: string): string {
  if (/^[a-z_]+(\.[a-z_]+)?$/.test(name)) return name;
  throw new TypeError(`${JSON.stringify(name)} is no name of a setting`);
}

async function commit(client: PoolClient): Promise<void> {
  let answer: QueryResult;
  try {
    answer = await client.query('commit');
  } catch (cause) {
    if (!isConnectionLoss(cause)) throw cause;
    throw new Fault({
      code: 'COMMIT_UNKNOWN',
      what: 'The connection broke while a change was being committed, so it may or may not be in place',
      fix: 'Repeat the request with the same idempotency key',
      status: 503,
      cause,
    });
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

/** What a person can mend gets its own words; everything else stays as it is. */
function explained(error: unknown): unknown {
  if (!isDiskFull(error)) return error;
  return new Fault({
    code: 'DATABASE_DISK_FULL',
    what: 'The database has no room to write, so nothing of this was saved',
    why: 'its disk is full',
    fix: 'Free space on the disk of the database; then try again',
    status: 503,
    cause: error,
  });
}

function busy(url: string, why: string): Fault {
  return new Fault({
    code: 'DATABASE_BUSY',
    what: `The database at ${describeUrl(url)} cannot take this call now`,
    why,
    fix: 'Try again shortly',
    status: 503,
  });
}

function ignore(): void {
  // The query that was running reports the error; this listener only keeps the process alive.
}
