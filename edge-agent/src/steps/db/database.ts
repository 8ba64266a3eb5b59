/**
 * What the database steps need of a database. Values always travel apart from the statement, there is one statement at a
 * time, and the server is told how long it may take.
 */
import type { LookupFunction } from 'node:net';
import type { Cell, DatabaseConnection } from '@casare/shared/workflow';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { serverTrust, type ServerTrust } from '../server-trust.ts';

/** A connection of its own for one step. */
export interface Database {
  /** The names of the columns, then the rows, in a transaction that may only read. */
  read(sql: string, parameters: readonly Cell[]): AsyncGenerator<Cell[]>;
  /** The statement once for each list of parameters, in one transaction that is committed. */
  write(sql: string, batch: readonly (readonly Cell[])[], progress: WriteProgress): Promise<Written>;
  /** Ends the connection at once, whatever it does; the end of the step does so, too. */
  close(): void;
}

/** How far a write got: while it is true, nobody knows whether the transaction was committed. */
export interface WriteProgress {
  isCommitting: boolean;
}

export interface Written {
  readonly affected: number;
  /** Names of columns, and the rows that `RETURNING` gave. */
  readonly columns: readonly string[];
  readonly rows: readonly Cell[][];
}

/** Where and how to connect. */
export interface DatabaseAddress {
  readonly connection: DatabaseConnection;
  readonly port: number;
  readonly lookup: LookupFunction | undefined;
  readonly trust: ServerTrust | null;
  readonly timeoutMs: number;
}

/** Rows of `RETURNING` that are kept. */
export const RETURNED_ROWS = 1_000;

const PORTS = { postgres: 5_432, mysql: 3_306 } as const;

/** Asks the policy, and only then says where to connect. */
export async function addressOf(context: StepContext, connection: DatabaseConnection): Promise<DatabaseAddress> {
  const { type, host } = connection;
  const port = connection.port ?? PORTS[type];
  const url = `${type}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  await context.policy.checkUrl(url);
  context.checkSecretAddress?.(url);
  const trust = connection.security === 'none' ? null : await serverTrust(context, connection.authorities);
  return { connection, port, lookup: context.policy.lookupFor?.(url), trust, timeoutMs: context.timeoutMs };
}

export function tooManyReturned(): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'DB_TOO_MANY_RETURNED',
    title: 'The statement returns too many rows',
    detail: `It returns more than ${RETURNED_ROWS} rows, and was rolled back: return fewer, or read them with db.query.`,
    certain: true,
  });
}
