/** `control-plane/schema.sql`: what the migrations make, read from a live database. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  migrate,
  openDatabase,
  schemaSnapshot,
  startEmbeddedPostgres,
} from '../../control-plane/dist/platform/database/index.js';
import { silentLog } from '../../control-plane/dist/platform/log.js';

const MIGRATIONS = path.resolve(import.meta.dirname, '../../control-plane/migrations');

/** Migrates a fresh database and describes it. */
export async function schemaSql(): Promise<string> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'casare-schema-'));
  // As root, the database runs as another user, who must pass through.
  await chmod(home, 0o711);
  const options = { dataDir: path.join(home, 'postgres'), logFile: path.join(home, 'postgres.log'), log: silentLog };
  const postgres = await startEmbeddedPostgres({ ...options, rootPlace: path.join(home, 'place') });
  const db = openDatabase(postgres.url);
  try {
    await migrate(db, { directory: MIGRATIONS });
    return await schemaSnapshot(db);
  } finally {
    await db.close();
    await postgres.stop();
    await rm(home, { recursive: true, force: true });
  }
}
