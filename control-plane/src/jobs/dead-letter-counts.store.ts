/**
 * How many dead letters there are. Read from the partial index that holds nothing else, newest job first, and no further
 * than the bound: a million failures cost no more than that.
 */
import { DEAD_LETTERS_COUNTED, DeadLetterCounts, WORKFLOWS_COUNTED, type DeadLetterFilter } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

interface Row {
  readonly workflow: string;
  readonly total: number;
  readonly permanent: number;
  readonly ambiguous: number;
  readonly exhausted: number;
  readonly last: Date;
  readonly all: { readonly total: number; readonly permanent: number; readonly ambiguous: number };
}

const countDead = sql<
  Row,
  [
    ...[tenant: string, reason: string | null, workflow: string | null, code: string | null, since: string | null],
    ...[createdAfter: string | null, createdBefore: string | null, most: number, workflows: number],
  ]
>(
  'countDead',
  `WITH dead AS MATERIALIZED (
     SELECT w.namespace || '/' || w.name AS workflow, j.dead_letter AS reason, j.ended_at
     FROM job j JOIN workflow_version w ON w.tenant_id = j.tenant_id AND w.id = j.workflow_id
     WHERE j.tenant_id = $1 AND j.dead_letter IS NOT NULL
       AND ($2::text IS NULL OR j.dead_letter = $2)
       AND ($3::text IS NULL OR w.namespace || '/' || w.name = $3)
       AND ($4::text IS NULL OR j.error->>'code' = $4)
       AND ($5::timestamptz IS NULL OR j.ended_at >= $5)
       AND ($6::timestamptz IS NULL OR j.created_at >= $6)
       AND ($7::timestamptz IS NULL OR j.created_at < $7)
     ORDER BY j.id DESC LIMIT $8
   ), counted AS (
     SELECT workflow, count(*)::int AS total, count(*) FILTER (WHERE reason = 'permanent')::int AS permanent,
       count(*) FILTER (WHERE reason = 'ambiguous')::int AS ambiguous,
       count(*) FILTER (WHERE reason = 'exhausted')::int AS exhausted, max(ended_at) AS last
     FROM dead GROUP BY workflow
   )
   SELECT *, (SELECT jsonb_build_object('total', sum(total), 'permanent', sum(permanent), 'ambiguous', sum(ambiguous))
     FROM counted) AS all
   FROM counted ORDER BY total DESC, workflow LIMIT $9`,
  { idempotent: true },
);

/** Of the tenant, and of the sites that whoever asks is limited to. */
export async function countDeadLetters(
  db: Queryable,
  tenant: string,
  filter: DeadLetterFilter,
  { most, named: workflows } = { most: DEAD_LETTERS_COUNTED, named: WORKFLOWS_COUNTED },
): Promise<DeadLetterCounts> {
  const { reason = null, workflow = null, code = null, since = null, createdAfter, createdBefore } = filter;
  const when = [createdAfter ?? null, createdBefore ?? null] as const;
  const rows = await db.query(countDead(tenant, reason, workflow, code, since, ...when, most, workflows));
  const all = rows[0]?.all ?? { total: 0, permanent: 0, ambiguous: 0 };
  const named = rows.reduce((sum, row) => sum + row.total, 0);
  return DeadLetterCounts.parse({
    total: all.total,
    complete: all.total < most,
    reasons: {
      permanent: all.permanent,
      ambiguous: all.ambiguous,
      exhausted: all.total - all.permanent - all.ambiguous,
    },
    workflows: rows.map(({ workflow: name, total, permanent, ambiguous, exhausted, last }) => {
      return { workflow: name, total, reasons: { permanent, ambiguous, exhausted }, lastFailedAt: last.toISOString() };
    }),
    others: all.total - named,
  });
}
