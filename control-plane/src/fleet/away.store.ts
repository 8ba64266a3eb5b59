/** Agents that ought to be connected and have not been for a while. */
import { sql, type Queryable } from '../platform/database/index.ts';

export interface AwayAgent {
  readonly id: string;
  readonly name: string;
  readonly since: Date;
}

// As the list of agents has it: a gateway that has been silent for three heartbeats is taken for dead. From the resumption of a
// suspended tenant on its agents have the same time to come back as ever.
const awayAgents = sql<AwayAgent, [tenant: string, before: Date, limit: number]>(
  'awayAgents',
  `SELECT id, name, since FROM (
     SELECT a.id, a.name, greatest(t.state_since, CASE WHEN s.agent_id IS NULL THEN a.created_at WHEN s.gateway_id IS NULL THEN s.since
       ELSE greatest(s.since, g.heartbeat_at) END) AS since
     FROM agent a JOIN tenant t ON t.id = a.tenant_id
     LEFT JOIN agent_session s ON s.tenant_id = a.tenant_id AND s.agent_id = a.id
     LEFT JOIN gateway g ON g.id = s.gateway_id
     WHERE a.tenant_id = $1 AND a.state IN ('active', 'paused', 'draining') AND NOT a.ephemeral
       AND NOT (s.gateway_id IS NOT NULL AND coalesce(g.heartbeat_at > clock_timestamp() - interval '15 seconds', false))
   ) away WHERE since < $2 ORDER BY since, id LIMIT $3`,
  { idempotent: true },
);

/** Since before a moment, those first that are away longest. Of ephemeral agents nothing is expected. */
export function agentsAway(db: Queryable, tenant: string, before: Date, limit: number): Promise<AwayAgent[]> {
  return db.query(awayAgents(tenant, before, limit));
}
