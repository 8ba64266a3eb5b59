/** The databases of a bench: one that is new for each run, empty or a copy of one that was filled once. */
import { withDatabase } from '../../../control-plane/dist/platform/database/connection.js';
import { openDatabase, sql, type Database } from '../../../control-plane/dist/platform/database/index.js';
import type { BenchScene } from './scene.ts';

export interface BenchDatabase extends AsyncDisposable {
  readonly url: string;
}

/** Makes a database for one run; disposing drops it. */
export type MakeDatabase = () => Promise<BenchDatabase>;

const vacuum = sql('benchVacuum', 'VACUUM (ANALYZE)');

let databases = 0;

/** Empty ones. */
export function emptyDatabases({ db }: BenchScene): MakeDatabase {
  return () => make(db, '');
}

/**
 * Copies of one that `fill` fills when the first is asked for: a million waiting jobs are submitted once for each
 * contender and not in each round. Copied by files: nothing is logged, and rows lie as they were written. It is
 * vacuumed and analysed first: a copy knows only what its tables say of themselves, and a run must measure neither plans
 * for an empty table nor autovacuum that comes after a bulk load.
 */
export function filledDatabases({ db }: BenchScene, fill: (databaseUrl: string) => Promise<void>): MakeDatabase {
  let filled: Promise<string> | null = null;
  const fillOnce = async (): Promise<string> => {
    // It goes with its server.
    const { url } = await make(db, '');
    await fill(url);
    const filling = openDatabase(url, { max: 1 });
    try {
      await filling.execute(vacuum());
    } finally {
      await filling.close();
    }
    return new URL(url).pathname.slice(1);
  };
  return async () => make(db, `TEMPLATE ${await (filled ??= fillOnce())} STRATEGY FILE_COPY`);
}

async function make(db: Database, as: string): Promise<BenchDatabase> {
  const name = `bench_${++databases}`;
  await db.execute(sql(`benchCreate${databases}`, `CREATE DATABASE ${name} ${as}`)());
  const drop = sql(`benchDrop${databases}`, `DROP DATABASE ${name} WITH (FORCE)`);
  return {
    url: withDatabase(db.url, name),
    [Symbol.asyncDispose]: async () => void (await db.execute(drop())),
  };
}
