/** What every bench stands on: a folder that is removed at the end, and a real PostgreSQL in it, fsync on. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  migrate,
  openDatabase,
  ready,
  sql,
  startEmbeddedPostgres,
  type Database,
} from '../../../control-plane/dist/platform/database/index.js';
import { silentLog } from '../../../control-plane/dist/platform/log.js';

export interface BenchScene extends AsyncDisposable {
  readonly home: string;
  readonly db: Database;
  /** Process id of the database server, whose children serve its connections. */
  readonly postgresPid: number;
}

/** Ours. */
export const MIGRATIONS = fileURLToPath(new URL('../../../control-plane/migrations', import.meta.url));

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const backendPid = sql<{ pid: number }, []>('benchBackendPid', 'SELECT pg_backend_pid() AS pid');

/** Starts the database and migrates it; disposing closes and removes everything. */
export async function openBenchScene(): Promise<BenchScene> {
  await using opened = new AsyncDisposableStack();
  const home = await mkdtemp(path.join(os.tmpdir(), `casare-bench-${randomBytes(3).toString('hex')}-`));
  opened.defer(() => rm(home, { recursive: true, force: true }));
  // As root, the database runs as another user, who must pass through.
  await chmod(home, 0o711);
  const dataDir = path.join(home, 'postgres');
  const server = await startEmbeddedPostgres({ dataDir, logFile: path.join(home, 'postgres.log'), log: silentLog });
  opened.defer(() => server.stop());
  await ready(server.url);
  const db = openDatabase(server.url);
  opened.defer(() => db.close());
  await migrate(db, { directory: MIGRATIONS });
  const [backend] = await db.query(backendPid());
  const postgresPid = parentOf(backend!.pid);
  const all = opened.move();
  const interrupted = (): void => void all.disposeAsync().finally(() => process.exit(130));
  for (const signal of SIGNALS) process.once(signal, interrupted);
  all.defer(async () => {
    for (const signal of SIGNALS) process.removeListener(signal, interrupted);
  });
  return { home, db, postgresPid, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Connections are served by children of the server. */
function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}
