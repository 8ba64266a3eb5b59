/** Times what the services ask of the database, from outside. */
import type { Database, Queryable, Statement } from '../../../control-plane/dist/platform/database/index.js';

/** `db`, with `onTime` told how long each run of the statement named `name` took, milliseconds, and how many rows it gave. */
export function watched(db: Database, name: string, onTime: (ms: number, rows: number) => void): Database {
  const timed = async <T>(statement: Statement, run: () => Promise<T>): Promise<T> => {
    if (statement.name !== name) return run();
    const startedAt = performance.now();
    const answer = await run();
    if (Array.isArray(answer)) onTime(performance.now() - startedAt, answer.length);
    return answer;
  };
  const queryable = (of: Queryable): Queryable => ({
    query: (statement) => timed(statement, () => of.query(statement)),
    execute: (statement) => timed(statement, () => of.execute(statement)),
  });
  return {
    ...queryable(db),
    url: db.url,
    of: (tenant) => db.of(tenant),
    transaction: (work, options) =>
      db.transaction((tx) => work({ ...queryable(tx), script: (text) => tx.script(text) }), options),
    listen: (...args) => db.listen(...args),
    notify: (...args) => db.notify(...args),
    close: (...args) => db.close(...args),
  };
}
