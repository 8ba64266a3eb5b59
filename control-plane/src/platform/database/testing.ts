/**
 * Test support: a database of its own for every test file, cloned from a migrated template on a real PostgreSQL.
 *
 * The server is started by `testing-global.ts` when the first test file asks for a database, once per vitest run.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import { z } from 'zod';
import { connectionConfig, withDatabase } from './connection.ts';
import { openDatabase, type Database, type DatabaseOptions } from './pool.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where `testing-global.ts` answers; private to this run. */
    databaseBroker: string;
  }
}

export interface TestDatabase {
  /** As the server's owner. */
  readonly url: string;
  readonly db: Database;
  /** Closes the pool and drops the database. */
  close(): Promise<void>;
}

export interface TestDatabaseOptions extends DatabaseOptions {
  /** Directory of migrations, or `none` for an empty database; default: the control plane's own. */
  readonly migrations?: string;
}

/**
 * `let database: TestDatabase; beforeAll(async () => { database = await testDatabase(); }); afterAll(() => database.close());`
 */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = await askBroker(options.migrations ?? '');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asOwner(server.url, `create database ${name} template ${server.template}`);
  const url = withDatabase(server.url, name);
  const db = openDatabase(url, options);
  return {
    url,
    db,
    close: async () => {
      await db.close();
      await asOwner(server.url, `drop database if exists ${name} with (force)`);
    },
  };
}

const brokerAnswer = z.object({ url: z.string(), template: z.string().regex(/^[a-z0-9_]+$/) });

async function askBroker(migrations: string): Promise<z.infer<typeof brokerAnswer>> {
  const address = new URL(inject('databaseBroker'));
  address.searchParams.set('migrations', migrations);
  const response = await fetch(address);
  if (!response.ok) throw new Error(`no test database: ${await response.text()}`);
  return brokerAnswer.parse(await response.json());
}

async function asOwner(url: string, text: string): Promise<void> {
  const client = new Client(connectionConfig(withDatabase(url, 'postgres')));
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end().catch(() => undefined);
  }
}
