/**
 * A `Database` in memory that answers the named statements of the jobs room, so that the real services run on it.
 *
 * Invariants: a transaction is seen whole or not at all, and undone when its work throws or its process dies; statements
 * run one after the other (races inside PostgreSQL are the business of `jobs/queue-races.test.ts`); a statement without a
 * twin fails. That each twin answers like its statement is shown by `test/conformance`.
 */
import type {
  Database,
  Queryable,
  Statement,
  Transaction,
} from '../../../control-plane/src/platform/database/index.ts';
import { FENCE_TWINS } from './fence-twins.ts';
import { LEASE_TWINS } from './lease-twins.ts';
import { QUEUE_TWINS } from './queue-twins.ts';
import { Tables } from './rows.ts';
import { RETRY_TWINS } from './retry-twins.ts';
import { RUN_TWINS } from './run-twins.ts';
import type { Twin } from './twin.ts';

/** Every statement that memory answers. */
export const TWINS: Readonly<Record<string, Twin>> = {
  ...QUEUE_TWINS,
  ...LEASE_TWINS,
  ...FENCE_TWINS,
  ...RUN_TWINS,
  ...RETRY_TWINS,
};

/** Calls of one process reach the database, and answers reach it, through these. */
export interface Port {
  /** Before a statement or a commit is carried out; rejects when it never arrived, never resolves for a dead process. */
  before(what: string): Promise<void>;
  /** After a commit or a statement by itself was carried out; rejects when the answer was lost. */
  after(what: string): Promise<void>;
  /** Resolves when the process dies: its open transaction is undone. */
  readonly died: Promise<void>;
}

export interface MemoryOptions {
  /** Milliseconds. */
  readonly now: () => number;
  /** After each commit, before anybody is answered. */
  readonly onCommit?: () => void;
  /** Whoever asked may only log it. */
  readonly onMissing?: (why: string) => void;
}

const PLAIN: Port = {
  before: () => Promise.resolve(),
  after: () => Promise.resolve(),
  died: new Promise(() => undefined),
};

export class MemoryServer {
  readonly tables = new Tables();
  readonly #options: MemoryOptions;
  /** Whoever has it runs; the others wait in line. */
  #turn: Promise<void> = Promise.resolve();
  readonly #listeners = new Map<string, Set<(payload: string) => void>>();

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  /** A process's way to this server. */
  connect(port: Port = PLAIN): Database {
    const database: Database = {
      url: 'memory:',
      // Rows here have no policies: that tenants do not see each other is a matter of PostgreSQL's.
      of: () => database,
      query: async <Row>(statement: Statement<Row>) => (await this.#alone(port, statement)) as Row[],
      execute: async (statement) => (await this.#alone(port, statement)).length,
      transaction: (work) => this.#transaction(port, work),
      listen: (channel, handler) =>
        Promise.resolve(
          this.#listen(channel, (payload) => {
            handler(payload);
          }),
        ),
      notify: (channel, payload = '') => this.#notify(channel, payload),
      close: () => Promise.resolve(),
    };
    return database;
  }

  async #alone(port: Port, statement: Statement): Promise<readonly unknown[]> {
    await port.before(statement.name);
    const rows = await this.#exclusive(async () => {
      this.tables.begin();
      try {
        return this.#run(statement);
      } catch (error) {
        this.tables.rollback();
        throw error;
      } finally {
        this.tables.commit();
        this.#options.onCommit?.();
      }
    });
    await port.after(statement.name);
    return rows;
  }

  async #transaction<T>(port: Port, work: (tx: Transaction) => Promise<T>): Promise<T> {
    await port.before('begin');
    const result = await this.#exclusive(async () => {
      this.tables.begin();
      let open = true;
      // In the order in which they were given; a failure fails those after it too.
      let line: Promise<unknown> = Promise.resolve();
      const run = (statement: Statement): Promise<readonly unknown[]> => {
        if (!open) throw new Error(`statement ${statement.name} came after the end of its transaction`);
        const mine = line.then(async () => {
          await port.before(statement.name);
          return this.#run(statement);
        });
        line = mine;
        line.catch(() => undefined);
        return mine;
      };
      const tx: Queryable = {
        query: async <Row>(statement: Statement<Row>) => (await run(statement)) as Row[],
        execute: async (statement) => (await run(statement)).length,
      };
      const worked = (async (): Promise<{ readonly result: T }> => {
        const done = await work({ ...tx, script: () => Promise.reject(new Error('no scripts in memory')) });
        await port.before('commit');
        return { result: done };
      })();
      try {
        const ended = await Promise.race([worked, port.died]);
        open = false;
        if (ended === undefined) {
          this.tables.rollback();
          return undefined;
        }
        this.tables.commit();
        this.#options.onCommit?.();
        return ended;
      } catch (error) {
        open = false;
        this.tables.rollback();
        throw error;
      }
    });
    // A dead process hears nothing.
    if (result === undefined) return new Promise<never>(() => undefined);
    await port.after('commit');
    return result.result;
  }

  #run({ name, values }: Statement): readonly unknown[] {
    const twin = TWINS[name];
    if (twin === undefined) {
      const why = `the statement ${name} has no twin in test/simulation/memory`;
      this.#options.onMissing?.(why);
      throw new Error(why);
    }
    return twin({ tables: this.tables, now: this.#options.now() }, values);
  }

  async #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const mine = Promise.withResolvers<void>();
    this.#turn = mine.promise;
    await before;
    try {
      return await work();
    } finally {
      mine.resolve();
    }
  }

  #listen(channel: string, hear: (payload: string) => void): { close(): Promise<void> } {
    const all = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, all.add(hear));
    return { close: async () => void all.delete(hear) };
  }

  #notify(channel: string, payload: string): void {
    for (const hear of this.#listeners.get(channel) ?? []) queueMicrotask(() => hear(payload));
  }
}
