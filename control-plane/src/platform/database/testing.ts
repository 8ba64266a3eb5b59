/**
 * Test support: a database of its own for every test file, cloned from a migrated template on a real PostgreSQL.
 *
 * The server is started by `testing-global.ts` when the first test file asks for a database, once per vitest run.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import { z } from 'zod';
import { connectionConfig, withDatabase, withLogin } from './connection.ts';
import { openDatabase, type Database, type DatabaseOptions } from './pool.ts';
import type { Statement } from './statement.ts';
import { TEST_LOGINS } from './testing-global.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where `testing-global.ts` answers; private to this run. */
    databaseBroker: string;
  }
}

export interface TestDatabase {
  /** As the server's owner. */
  readonly url: string;
  /**
   * As the logins of the control plane, where the migrations are its own; else as the server's owner. Statements by
   * themselves whose names begin with `test` are those of fixtures, and the owner's.
   */
  readonly db: Database;
  /** As the server's owner, whom nothing is refused: for what only a test does. */
  readonly owner: Database;
  /** Addresses of the logins, for a control plane that is to work with them. */
  readonly env: Readonly<
    Record<'CASARE_DATABASE_URL' | 'CASARE_DATABASE_APP_URL' | 'CASARE_DATABASE_SYSTEM_URL', string>
  >;
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
  const owner = openDatabase(url, options);
  const loginOf = (kind: 'app' | 'system'): string => withLogin(url, TEST_LOGINS[kind], TEST_LOGINS.password);
  const [appUrl, systemUrl] = [loginOf('app'), loginOf('system')];
  const db =
    options.migrations === undefined ? withFixtures(openDatabase(systemUrl, { appUrl, ...options }), owner) : owner;
  return {
    ...{ url, db, owner },
    env: { CASARE_DATABASE_URL: url, CASARE_DATABASE_APP_URL: appUrl, CASARE_DATABASE_SYSTEM_URL: systemUrl },
    close: async () => {
      if (db !== owner) await db.close();
      await owner.close();
      await asOwner(server.url, `drop database if exists ${name} with (force)`);
    },
  };
}

function withFixtures(db: Database, owner: Database): Database {
  const of = ({ name }: Statement): Database => (name.startsWith('test') ? owner : db);
  return {
    ...db,
    query: (statement) => of(statement).query(statement),
    execute: (statement) => of(statement).execute(statement),
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
