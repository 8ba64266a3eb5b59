/** PostgreSQL, by the extended protocol alone: it takes one statement at a time, whatever stands in its text. */
import { isIP } from 'node:net';
import { Client, type CustomTypesConfig } from 'pg';
import Cursor from 'pg-cursor';
import type { Cell } from '@casare/shared/workflow';
import { JudgedSocket } from '../dial.ts';
import { type Database, type DatabaseAddress, RETURNED_ROWS, tooManyReturned } from './database.ts';

/** Rows that are fetched at once. */
const FETCHED_ROWS = 500;
const OID = {
  bool: 16,
  int8: 20,
  int2: 21,
  int4: 23,
  oid: 26,
  float4: 700,
  float8: 701,
  timestamp: 1114,
  timestamptz: 1184,
};

type Parse = (text: string) => Cell;
const PARSERS = new Map<number, Parse>([
  [OID.bool, (text) => text === 't'],
  [OID.int2, Number],
  [OID.int4, Number],
  [OID.oid, Number],
  [OID.int8, exactNumber],
  [OID.float4, finiteNumber],
  [OID.float8, finiteNumber],
  [OID.timestamp, (text) => text.replace(' ', 'T')],
  [OID.timestamptz, instant],
]);
/** What has no parser stays the text that the server sent. */
const TYPES: CustomTypesConfig = {
  getTypeParser: ((oid: number) => PARSERS.get(oid) ?? String) as CustomTypesConfig['getTypeParser'],
};

export async function openPostgres(address: DatabaseAddress, signal: AbortSignal): Promise<Database> {
  const { connection, port, lookup, trust, timeoutMs } = address;
  const { host, database, user, password } = connection;
  const client = new Client({
    host,
    port,
    database,
    user,
    password: password ?? '',
    ssl: trust === null ? false : { ...trust, ...(isIP(host) !== 0 ? {} : { servername: host }) },
    connectionTimeoutMillis: timeoutMs,
    application_name: 'casare',
    stream: () => new JudgedSocket(lookup),
    types: TYPES,
  });
  // A connection that breaks while nobody waits for an answer must not end the process.
  client.on('error', () => undefined);
  const close = () => {
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    await client.connect();
    // Only now, and not as a parameter of the start: poolers refuse that one.
    await client.query(`SET statement_timeout = ${Math.min(Math.ceil(timeoutMs), 2_147_483_647)}`);
  } catch (error) {
    close();
    throw error;
  }
  return {
    read: (sql, parameters) => read(client, sql, parameters),
    write: async (sql, batch, progress) => {
      await client.query('BEGIN');
      let affected = 0;
      let columns: string[] = [];
      const rows: Cell[][] = [];
      for (const parameters of batch) {
        const query = { text: sql, values: [...parameters], rowMode: 'array' as const, queryMode: 'extended' };
        const result = await client.query<Cell[]>(query);
        affected += result.rowCount ?? 0;
        columns = result.fields.map(({ name }) => name);
        if (rows.length + result.rows.length > RETURNED_ROWS) throw tooManyReturned();
        rows.push(...result.rows);
      }
      progress.isCommitting = true;
      await client.query('COMMIT');
      return { affected, columns, rows };
    },
    close,
  };
}

async function* read(client: Client, sql: string, parameters: readonly Cell[]): AsyncGenerator<Cell[]> {
  await client.query('BEGIN READ ONLY');
  const cursor = client.query(new Cursor<Cell[]>(sql, [...parameters], { rowMode: 'array', types: TYPES }));
  let isFirst = true;
  for (;;) {
    const { rows, names } = await fetch(cursor);
    if (isFirst) yield names;
    isFirst = false;
    if (rows.length === 0) return;
    yield* rows;
  }
}

function fetch(cursor: Cursor<Cell[]>): Promise<{ rows: Cell[][]; names: string[] }> {
  return new Promise((resolve, reject) => {
    // At its end it gives no result.
    cursor.read(
      FETCHED_ROWS,
      (error: Error | undefined | null, rows, result: { fields: { name: string }[] } | undefined) => {
        if (error != null) reject(error);
        else resolve({ rows, names: result?.fields.map(({ name }) => name) ?? [] });
      },
    );
  });
}

/** A number as long as it is exact, else the text. */
function exactNumber(text: string): Cell {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

function finiteNumber(text: string): Cell {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

/** `infinity` is a time, too, and has no other text. */
function instant(text: string): Cell {
  const at = new Date(text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00'));
  return Number.isNaN(at.getTime()) ? text : at.toISOString();
}
