/** The one number that says whether trust has changed. Whoever changes trust moves it in the same transaction. */
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';

const trustRev = sql<{ rev: number }, []>('trustRev', 'SELECT rev FROM trust_state', { idempotent: true });

// The row is locked until the change commits: changes of trust are rare and go one after the other.
const moveTrust = sql<{ rev: number }, [ifRev: number | null]>(
  'moveTrust',
  `UPDATE trust_state SET rev = rev + 1 WHERE $1::bigint IS NULL OR rev = $1 RETURNING rev`,
);

/** The rev of now. */
export async function currentRev(db: Queryable): Promise<number> {
  const [row] = await db.query(trustRev());
  return row!.rev;
}

/** Moves trust on, first thing in the transaction of a change; null when it is not at `ifRev` any more. */
export async function move(tx: Transaction, ifRev: number | null): Promise<number | null> {
  return (await tx.query(moveTrust(ifRev)))[0]?.rev ?? null;
}
