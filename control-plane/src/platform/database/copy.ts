/**
 * A whole database, out of one snapshot and into one transaction, by COPY: rows pass as a stream of text and are never held.
 *
 * Invariants: what is read is one moment of the record, whatever is written meanwhile; what is written is there whole or
 * not at all. Both sides speak the same dialect of text (`DIALECT`), whatever the server's or the login's settings are.
 */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { connectionConfig } from './connection.ts';
import type { Statement } from './statement.ts';

/** How values are written and read, and no time limit: a large table takes as long as it takes. */
const DIALECT = `SET LOCAL client_encoding = 'UTF8'; SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC';
  SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex';
  SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`;

/** One moment of the record. */
export interface Snapshot {
  query<Row>(statement: Statement<Row>): Promise<Row[]>;
  /** The rows of a query as COPY's text. One after the other: the connection is the stream's until it has ended. */
  rows(select: string): Readable;
  close(): Promise<void>;
}

/** An open transaction that fills a database. */
export interface Loading {
  query<Row>(statement: Statement<Row>): Promise<Row[]>;
  /** Several statements without parameters. */
  script(text: string): Promise<void>;
  /** What `rows` gave, into the columns of a table; how many rows. Names are quoted by the caller. */
  load(table: string, columns: readonly string[], rows: Readable): Promise<number>;
}

/** Opens a moment of the record, as the login of `url`. It is held until it is closed: dead rows stay as long. */
export async function openSnapshot(url: string): Promise<Snapshot> {
  const client = await connect(url);
  try {
    await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${DIALECT}`);
    await client.query('SELECT pg_current_snapshot()');
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return {
    query: (statement) => ask(client, statement),
    rows: (select) => client.query(copyTo(`COPY (${select}) TO STDOUT`)),
    close: () => client.end(),
  };
}

/** One transaction on `url`: it is committed when `work` is done, and nothing of it is there when `work` fails. */
export async function loadDatabase<T>(url: string, work: (loading: Loading) => Promise<T>): Promise<T> {
  const client = await connect(url);
  try {
    await client.query(`BEGIN; ${DIALECT}`);
    const result = await work({
      query: (statement) => ask(client, statement),
      script: async (text) => void (await client.query(text)),
      load: async (table, columns, rows) => {
        const target = client.query(copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN`));
        await pipeline(rows, target);
        return target.rowCount;
      },
    });
    await client.query('COMMIT');
    return result;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client(connectionConfig(url, 'casare backup'));
  client.on('error', () => undefined); // The connection's end is seen by the next call; without a listener it ends the process.
  await client.connect();
  return client;
}

async function ask<Row>(client: Client, { text, values }: Statement<Row>): Promise<Row[]> {
  return (await client.query({ text, values: [...values] })).rows as Row[];
}
