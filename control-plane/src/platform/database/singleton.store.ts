/** The rows of what one replica at a time does: see `platform/singletons.ts`. Time is the database's, for all replicas the same. */
import type { Queryable } from './pool.ts';
import { sql } from './statement.ts';

/** A row that is held. */
export interface HeldRow {
  readonly name: string;
  /** Rises whenever the row changes hands. */
  readonly term: number;
}

// The compare-and-swap: the row's own lock orders two replicas, and the second one sees the first one's `until`. In one
// order, so that two replicas never wait for each other.
const takeSingletons = sql<{ name: string; term: string }, [names: string[], holder: string, leaseMs: number]>(
  'takeSingletons',
  `INSERT INTO singleton AS s (name, holder, until)
   SELECT w.name, $2, clock_timestamp() + make_interval(secs => $3::float8 / 1000)
   FROM unnest($1::text[]) AS w(name) ORDER BY w.name
   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,
     until = clock_timestamp() + make_interval(secs => $3::float8 / 1000),
     term = s.term + CASE WHEN s.holder = excluded.holder THEN 0 ELSE 1 END
   WHERE s.holder = excluded.holder OR s.until <= clock_timestamp()
   RETURNING name, term`,
  { idempotent: true },
);

const giveUpSingletons = sql<never, [names: string[], holder: string]>(
  'giveUpSingletons',
  'UPDATE singleton SET until = clock_timestamp() WHERE name = ANY($1) AND holder = $2',
  { idempotent: true },
);

/** Takes what is free and keeps what is held, for `leaseMs` from now; the rows that `holder` has. */
export async function holdSingletons(
  db: Queryable,
  names: readonly string[],
  holder: string,
  leaseMs: number,
): Promise<HeldRow[]> {
  const rows = await db.query(takeSingletons([...names], holder, leaseMs));
  return rows.map(({ name, term }) => ({ name, term: Number(term) }));
}

/** Lets others take them at once. */
export async function releaseSingletons(db: Queryable, names: readonly string[], holder: string): Promise<void> {
  await db.execute(giveUpSingletons([...names], holder));
}
