/** What a peer left behind, counted without its code. */
import { openDatabase, sql, type Database } from '../../../control-plane/dist/platform/database/index.js';

/** A few connections to a database that need not be ours. */
export function openSql(url: string): Database {
  return openDatabase(url, { max: 2 });
}

/** A statement that selects one number as `count`. */
export function counting(name: string, text: string): (db: Database) => Promise<number> {
  const statement = sql<{ count: number }, []>(name, text);
  return async (db) => (await db.query(statement()))[0]!.count;
}
