/** Which files nobody names, and which rows there are: for the sweep that compares them. */
import { sql, type Database, type Queryable } from '../platform/database/index.ts';

// In one order, so that two sweeps do not wait for each other.
const takeTurns = sql<never, [ids: string[]]>(
  'takeFileTurns',
  `SELECT pg_advisory_xact_lock(hashtextextended('casare artifact ' || id, 0))
   FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) w(id) ORDER BY id) o`,
);

// What is in it already goes with the history's turn. A statement of its own after the turns: its snapshot has every row that
// was registered before them.
const claim = sql<{ id: string }, [tenant: string, ids: string[]]>(
  'claimOrphans',
  `INSERT INTO artifact_removal (tenant_id, id)
   SELECT $1, w.id FROM unnest($2::uuid[]) w(id)
   WHERE NOT EXISTS (SELECT FROM artifact a WHERE a.tenant_id = $1 AND a.id = w.id)
   ON CONFLICT DO NOTHING RETURNING id`,
);

const named = sql<{ tenant: string; id: string; job: string }, [tenant: string, id: string, limit: number]>(
  'filesNamed',
  `SELECT tenant_id AS tenant, id, job_id AS job FROM artifact WHERE (tenant_id, id) > ($1, $2)
   ORDER BY tenant_id, id LIMIT $3`,
  { idempotent: true },
);

const epoch = sql<{ epoch: number }, []>('epochOfRecord', 'SELECT epoch FROM store', { idempotent: true });

/** Of these files of a tenant those that no row names; from here on none names them until their removal is forgotten. */
export function claimOrphans(db: Database, tenant: string, ids: readonly string[]): Promise<string[]> {
  return db.transaction(async (tx) => {
    await tx.query(takeTurns([...ids]));
    return (await tx.query(claim(tenant, [...ids]))).map(({ id }) => id);
  });
}

/** Files on record after one, in order. */
export function listNamed(
  db: Queryable,
  after: { readonly tenant: string; readonly id: string },
  limit: number,
): Promise<{ readonly tenant: string; readonly id: string; readonly job: string }[]> {
  return db.query(named(after.tenant, after.id, limit));
}

/** Raised by each restore. */
export async function epochOfRecord(db: Queryable): Promise<number> {
  return (await db.query(epoch()))[0]!.epoch;
}
