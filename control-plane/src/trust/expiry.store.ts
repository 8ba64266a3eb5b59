/** What ends, as it is on record, and the warnings that were given. */
import type { CaKind } from '@casare/shared/api';
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';
import type { Ending } from './expiry.decision.ts';
import type { Viewer } from './lock.store.ts';

interface CaRow {
  readonly kind: CaKind;
  readonly id: string;
  readonly tenant: string | null;
  readonly notAfter: Date;
}

interface AgentRow {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly notAfter: Date;
  readonly lifeMs: number;
}

const endingCas = sql<CaRow, [before: Date, tenant: string | null, operator: boolean, limit: number]>(
  'endingCas',
  `SELECT kind, id, tenant_id AS tenant, not_after AS "notAfter" FROM certificate_authority
   WHERE state <> 'retired' AND not_after <= $1 AND ($2::text IS NULL OR tenant_id = $2 OR ($3 AND tenant_id IS NULL))
   ORDER BY not_after, id LIMIT $4`,
  { idempotent: true },
);

// An agent that is away renews when it comes back, also after the end: then its time is over when that is not allowed any
// more. Of ephemeral agents nothing is expected. An agent that has renewed has a younger certificate, so only the youngest
// counts; it is looked for only among what ends soon.
const endingAgents = sql<AgentRow, [now: Date, before: Date, tenant: string | null, limit: number]>(
  'endingAgents',
  `SELECT e.id, e.name, e.tenant, e.ends AS "notAfter", e.life AS "lifeMs" FROM (
     SELECT a.id, a.name, a.tenant_id AS tenant, extract(epoch FROM c.not_after - c.created_at)::float8 * 1000 AS life,
       c.not_after + CASE WHEN s.gateway_id IS NULL THEN t.renew_after_expiry_days * interval '1 day'
         ELSE interval '0' END AS ends
     FROM agent_certificate c
     JOIN agent a ON a.tenant_id = c.tenant_id AND a.id = c.agent_id
     JOIN tenant t ON t.id = c.tenant_id
     LEFT JOIN agent_session s ON s.tenant_id = a.tenant_id AND s.agent_id = a.id
     WHERE c.state = 'current' AND c.not_after <= $2 AND c.not_after > $1::timestamptz - interval '366 days'
       AND ($3::text IS NULL OR c.tenant_id = $3) AND a.state <> 'decommissioned' AND NOT a.ephemeral
       AND NOT EXISTS (SELECT FROM agent_certificate n
         WHERE n.tenant_id = c.tenant_id AND n.agent_id = c.agent_id AND n.state = 'pending')
   ) e
   WHERE e.ends > $1 AND e.ends < $1::timestamptz + e.life / 3 * interval '1 millisecond' AND e.ends <= $2
   ORDER BY e.ends, e.id LIMIT $4`,
  { idempotent: true },
);

const earliestEnds = sql<{ subject: CaKind | 'agent'; notAfter: Date }, []>(
  'earliestEnds',
  `SELECT kind AS subject, min(not_after) AS "notAfter" FROM certificate_authority WHERE state <> 'retired' GROUP BY kind
   UNION ALL
   SELECT 'agent', min(c.not_after) FROM agent_session s
   JOIN agent_certificate c ON c.tenant_id = s.tenant_id AND c.agent_id = s.agent_id AND c.state = 'current'
   WHERE s.gateway_id IS NOT NULL HAVING count(*) > 0`,
  { idempotent: true },
);

// Of several replicas that warn at once, one inserts.
const addWarning = sql<never, [subject: string, notAfter: Date, days: number, at: Date]>(
  'addWarning',
  `INSERT INTO expiry_warning (subject, not_after, days, warned_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
);

const warned = sql<{ key: string }, [subjects: string[]]>(
  'warnedOf',
  `SELECT subject || ' ' || (extract(epoch FROM not_after) * 1000)::bigint || ' ' || days AS key
   FROM expiry_warning WHERE subject = ANY($1)`,
  { idempotent: true },
);

const forgetWarnings = sql<never, [before: Date]>(
  'forgetWarnings',
  `DELETE FROM expiry_warning WHERE (subject, not_after, days) IN (
     SELECT subject, not_after, days FROM expiry_warning WHERE not_after < $1 LIMIT 1000)`,
);

/** CAs that end before a time, also those that have ended; all of them, or those that `viewer` sees. */
export async function listEndingCas(
  db: Queryable,
  before: Date,
  viewer: Viewer | null,
  limit: number,
): Promise<Ending[]> {
  const rows = await db.query(endingCas(before, viewer?.tenant ?? null, viewer?.operator ?? false, limit));
  return rows.map(({ kind, ...row }) => ({
    ...row,
    subject: kind,
    name: row.tenant === null ? kind : `${kind} of ${row.tenant}`,
    lifeMs: null,
  }));
}

/** Agents whose certificate ends before a time and is late. */
export async function listLateAgents(
  db: Queryable,
  now: Date,
  before: Date,
  tenant: string | null,
  limit: number,
): Promise<Ending[]> {
  const rows = await db.query(endingAgents(now, before, tenant, limit));
  return rows.map((row) => ({ ...row, subject: 'agent' as const }));
}

/** The earliest end of each kind of CA, and of the certificates of connected agents. */
export function listEarliest(db: Queryable): Promise<{ subject: CaKind | 'agent'; notAfter: Date }[]> {
  return db.query(earliestEnds());
}

/** False when the warning was given before. */
export async function insertWarning(
  tx: Transaction,
  subject: string,
  notAfter: Date,
  days: number,
  at: Date,
): Promise<boolean> {
  return (await tx.execute(addWarning(subject, notAfter, days, at))) === 1;
}

/** The warnings that were given of these, as `warningKey` names them. */
export async function listWarned(db: Queryable, subjects: readonly string[]): Promise<ReadonlySet<string>> {
  return new Set((await db.query(warned([...subjects]))).map(({ key }) => key));
}

export function warningKey(subject: string, notAfter: Date, days: number): string {
  return `${subject} ${notAfter.getTime()} ${days}`;
}

/** Forgets warnings of what ended before a time, a bounded number. */
export async function forgetWarningsBefore(db: Queryable, before: Date): Promise<void> {
  await db.execute(forgetWarnings(before));
}
