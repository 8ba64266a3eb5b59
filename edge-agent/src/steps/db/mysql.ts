/** MySQL and MariaDB, by prepared statements alone: one statement at a time, values apart from it. */
import { isIP } from 'node:net';
import { createConnection, type Connection, type FieldPacket } from 'mysql2';
import type { Cell } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';
import { dial } from '../dial.ts';
import { type Database, type DatabaseAddress, RETURNED_ROWS, tooManyReturned } from './database.ts';

const SECONDS = 1_000;

export async function openMysql(address: DatabaseAddress, signal: AbortSignal): Promise<Database> {
  const { connection, port, lookup, trust, timeoutMs } = address;
  const { host, database, user, password } = connection;
  if (trust !== null && isIP(host) !== 0) throw needsName(host);
  const client = createConnection({
    host,
    port,
    database,
    user,
    password: password ?? '',
    ...(trust === null ? {} : { ssl: { ...trust, verifyIdentity: true } }),
    connectTimeout: timeoutMs,
    stream: () => dial({ host, port, lookup }),
    charset: 'utf8mb4',
    timezone: 'Z',
    multipleStatements: false,
    rowsAsArray: true,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: false,
    jsonStrings: true,
    // A server may ask for any file of the client's; none is sent.
    flags: ['-LOCAL_FILES'],
  });
  // A connection that breaks while nobody waits for an answer must not end the process.
  client.on('error', () => undefined);
  const close = () => client.destroy();
  signal.addEventListener('abort', close, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      // A connection that is destroyed meanwhile calls nobody back.
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      client.connect((error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    await limitTime(client, timeoutMs);
  } catch (error) {
    close();
    throw error;
  }
  return {
    read: (sql, parameters) => read(client, sql, parameters),
    write: async (sql, batch, progress) => {
      await command(client, 'START TRANSACTION');
      let affected = 0;
      let columns: string[] = [];
      const rows: Cell[][] = [];
      for (const parameters of batch) {
        const { result, fields } = await execute(client, sql, parameters);
        if (!Array.isArray(result)) {
          affected += result.affectedRows ?? 0;
          continue;
        }
        affected += result.length;
        columns = fields.map(({ name }) => name);
        if (rows.length + result.length > RETURNED_ROWS) throw tooManyReturned();
        rows.push(...result.map((row) => row.map(cellOf)));
      }
      progress.isCommitting = true;
      await command(client, 'COMMIT');
      return { affected, columns, rows };
    },
    close,
  };
}

/** The two have different names for it. MySQL's bounds reading statements only; the step's own end bounds all. */
async function limitTime(client: Connection, timeoutMs: number): Promise<void> {
  const { result } = await execute(client, 'SELECT VERSION()', []);
  const version = Array.isArray(result) ? String(result[0]?.[0]) : '';
  const isMaria = /mariadb/i.test(version);
  await command(
    client,
    isMaria
      ? `SET SESSION max_statement_time = ${Math.max(1, Math.ceil(timeoutMs / SECONDS))}`
      : `SET SESSION max_execution_time = ${Math.ceil(timeoutMs)}`,
  );
}

async function* read(client: Connection, sql: string, parameters: readonly Cell[]): AsyncGenerator<Cell[]> {
  // Statements that define data end a transaction before they begin; what the session says holds for them, too.
  await command(client, 'SET SESSION TRANSACTION READ ONLY');
  await command(client, 'START TRANSACTION READ ONLY');
  const query = client.execute(sql, [...parameters]);
  const columns: { names: string[] } = { names: [] };
  query.on('fields', (fields: FieldPacket[] | undefined) => {
    columns.names = (fields ?? []).map(({ name }) => name);
  });
  const stream = query.stream({ highWaterMark: 500 });
  let isFirst = true;
  try {
    for await (const row of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<unknown>) {
      // A statement that gives no rows tells what it changed, and this transaction lets it change nothing.
      if (!Array.isArray(row)) continue;
      if (isFirst) yield columns.names;
      isFirst = false;
      yield row.map(cellOf);
    }
  } finally {
    // Before the stream ends: it would read all rows that are left.
    client.destroy();
  }
  if (isFirst) yield columns.names;
}

function command(client: Connection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(sql, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

type Result = unknown[][] | { readonly affectedRows?: number };

function execute(
  client: Connection,
  sql: string,
  parameters: readonly Cell[],
): Promise<{ result: Result; fields: FieldPacket[] }> {
  return new Promise((resolve, reject) => {
    client.execute(sql, [...parameters], (error, result, fields) => {
      if (error === null) resolve({ result: result as Result, fields });
      else reject(error);
    });
  });
}

/** Binary data is written as Postgres does, so that documents need not know which database it was. */
function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') return /^\d{4}-\d{2}-\d{2} \d{2}:/.test(value) ? value.replace(' ', 'T') : value;
  return JSON.stringify(value);
}

/** The library compares a certificate with the name alone, and with `localhost` where there is none. */
function needsName(host: string): StepFailure {
  return new StepFailure({
    type: 'configuration',
    code: 'DB_TLS_NEEDS_NAME',
    title: 'The database server cannot be verified by its address',
    detail: `${host}: give its name, as its certificate has it, or say \`security: none\`.`,
    certain: true,
  });
}
