/** How many agents there are, by how they stand: for metrics. */
import { sql, type Queryable } from '../platform/database/index.ts';
import { GATEWAY_ALIVE } from './agent.store.ts';

/** Agents of all tenants in one state. */
export interface AgentCount {
  /** The state; of those that are active, whether they are connected. */
  readonly status: 'pending' | 'online' | 'offline' | 'paused' | 'draining' | 'suspect' | 'locked';
  readonly count: number;
}

const agentsByStatus = sql<AgentCount, []>(
  'agentsByStatus',
  `SELECT CASE WHEN a.state <> 'active' THEN a.state
       WHEN s.gateway_id IS NOT NULL AND coalesce(${GATEWAY_ALIVE}, false) THEN 'online' ELSE 'offline' END AS status,
     count(*)::int AS count
   FROM agent a
   LEFT JOIN agent_session s ON s.tenant_id = a.tenant_id AND s.agent_id = a.id
   LEFT JOIN gateway g ON g.id = s.gateway_id
   WHERE a.state <> 'decommissioned' GROUP BY 1`,
  { idempotent: true },
);

/** Counts the agents of all tenants that are not decommissioned. */
export function countAgents(db: Queryable): Promise<readonly AgentCount[]> {
  return db.query(agentsByStatus());
}
