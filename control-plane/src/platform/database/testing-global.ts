/**
 * vitest's globalSetup for tests on a real PostgreSQL: one server a run, started when the first test asks for it.
 *
 * Test files run in processes of their own, so they ask this one over loopback. Invariants: a run that needs no database
 * starts none; the server ends with the run; what a killed run left is stopped and removed by the next one.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { lineOf } from '../errors.ts';
import { silentLog } from '../log.ts';
import { withDatabase } from './connection.ts';
import { removeLeftover, startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/index.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './pool.ts';

/** Nobody else's directories begin so: what begins so may be removed. */
const PREFIX = 'casare-vitest-postgres-';
const OWN_MIGRATIONS = join(import.meta.dirname, '..', '..', '..', 'migrations');
/** Nothing here must survive a crash, so nothing is synced. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '128MB',
  max_connections: '300',
};

/** The logins that every test works as, one for each role: tests of all rooms show that the rights suffice. */
export const TEST_LOGINS = { app: 'test_app', system: 'test_system', password: 'only for tests on loopback' } as const;

/** Called by vitest before the first test file; returns what to do after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const token = randomBytes(16).toString('hex');
  const testServer = new TestServer();
  const broker = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://broker');
    if (url.pathname !== `/${token}`) return void response.writeHead(404).end();
    testServer.template(url.searchParams.get('migrations') || OWN_MIGRATIONS).then(
      (answer) => response.end(JSON.stringify(answer)),
      (error: unknown) => response.writeHead(500).end(lineOf(error)),
    );
  });
  const port = await listening(broker);
  project.provide('databaseBroker', `http://127.0.0.1:${port}/${token}`);
  return async () => {
    broker.closeAllConnections();
    broker.close();
    await testServer.stop();
  };
}

/** The run's server and its templates, each made at most once. */
class TestServer {
  readonly #templates = new Map<string, Promise<string>>();
  #server: Promise<{ postgres: EmbeddedPostgres; directory: string }> | undefined;

  async template(migrations: string): Promise<{ url: string; template: string }> {
    this.#server ??= startServer();
    const { url } = (await this.#server).postgres;
    if (migrations === 'none') return { url, template: 'template1' };
    let template = this.#templates.get(migrations);
    if (template === undefined) this.#templates.set(migrations, (template = makeTemplate(url, migrations)));
    return { url, template: await template };
  }

  async stop(): Promise<void> {
    const server = await this.#server?.catch(() => undefined);
    if (server === undefined) return;
    await server.postgres.stop();
    await rm(server.directory, { recursive: true, force: true });
  }
}

async function startServer(): Promise<{ postgres: EmbeddedPostgres; directory: string }> {
  await sweep(tmpdir());
  const directory = await mkdtemp(join(tmpdir(), PREFIX));
  await chmod(directory, 0o711); // As root, PostgreSQL runs as another user, who must be able to pass through.
  const postgres = await startEmbeddedPostgres({
    dataDir: join(directory, 'postgres'),
    logFile: join(directory, 'postgres.log'),
    log: silentLog,
    settings: SETTINGS,
  });
  return { postgres, directory };
}

const LOGINS = (['app', 'system'] as const)
  .map(
    (kind) =>
      `CREATE ROLE ${TEST_LOGINS[kind]} LOGIN PASSWORD '${TEST_LOGINS.password}'; GRANT casare_${kind} TO ${TEST_LOGINS[kind]};`,
  )
  .join('\n');

async function makeTemplate(url: string, migrations: string): Promise<string> {
  const template = `template_${createHash('sha256').update(migrations).digest('hex').slice(0, 12)}`;
  const admin = openDatabase(withDatabase(url, 'postgres'), { max: 1 });
  const db = openDatabase(withDatabase(url, template), { max: 1 });
  try {
    await admin.execute({ name: 'createTemplate', text: `create database ${template}`, values: [] });
    await migrate(db, { directory: migrations });
    if (migrations === OWN_MIGRATIONS) await db.transaction((tx) => tx.script(LOGINS));
  } finally {
    // A template can be cloned only while nobody is connected to it.
    await db.close();
    await admin.close();
  }
  return template;
}

/** Removes the servers of runs that were killed. A young directory may belong to a run that is just starting. */
export async function sweep(place: string): Promise<void> {
  for (const name of (await readdir(place)).filter((entry) => entry.startsWith(PREFIX)).slice(0, 100)) {
    const directory = join(place, name);
    const found = await stat(directory).catch(() => undefined);
    if (found === undefined || found.uid !== process.getuid?.() || Date.now() - found.mtimeMs < 60_000) continue;
    if (await removeLeftover(join(directory, 'postgres'))) await rm(directory, { recursive: true, force: true });
  }
}

async function listening(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  return promise;
}
