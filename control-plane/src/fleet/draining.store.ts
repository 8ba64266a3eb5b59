/** Agents that are drained and have become empty. */
import { sql, type Transaction } from '../platform/database/index.ts';

/** An agent of which nothing runs any more. */
export interface DrainedAgent {
  readonly tenant: string;
  readonly agentId: string;
  readonly name: string;
}

// A fenced attempt may still be stopping. Replicas skip what another one is at.
const drained = sql<DrainedAgent, [settledMs: number, limit: number]>(
  'noteDrained',
  `WITH empty AS (
     SELECT a.tenant_id, a.id FROM agent a
     WHERE a.state = 'draining' AND a.drained_at IS NULL
       AND a.draining_since <= clock_timestamp() - make_interval(secs => $1::float8 / 1000)
       AND NOT EXISTS (SELECT FROM job_lease l WHERE l.agent_id = a.id)
       AND NOT EXISTS (SELECT FROM job_fence f WHERE f.agent_id = a.id)
     ORDER BY a.draining_since LIMIT $2 FOR UPDATE OF a SKIP LOCKED
   )
   UPDATE agent a SET drained_at = clock_timestamp() FROM empty e WHERE a.tenant_id = e.tenant_id AND a.id = e.id
   RETURNING a.tenant_id AS tenant, a.id AS "agentId", a.name`,
);

/** Notes when agents became empty; those of which it was not known yet. */
export function noteDrained(tx: Transaction, settledMs: number, limit: number): Promise<DrainedAgent[]> {
  return tx.query(drained(settledMs, limit));
}
