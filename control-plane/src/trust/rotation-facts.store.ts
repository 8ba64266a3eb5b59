/**
 * The facts that gates weigh: what every agent and every gateway holds. Read in bounded pages, so that a large fleet
 * costs time and not memory.
 */
import type { AgentState } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';
import type { AgentFact, GatewayFact } from './rotation.decision.ts';

/** Where a page of agents begins: after this one. */
export interface AgentPlace {
  readonly tenant: string;
  readonly id: string;
}

/** Whose facts: `leaving` is the CA that goes out, or the root above those that do. */
export interface FactsOf {
  /** Null: all tenants. */
  readonly tenant: string | null;
  readonly leaving: string;
  readonly now: Date;
}

/** A gateway that has been silent for three heartbeats is dead: nobody waits for it. */
const ALIVE = `heartbeat_at > clock_timestamp() - interval '15 seconds'`;

const gatewayFacts = sql<GatewayFact, []>(
  'gatewayFacts',
  `SELECT id, trust_rev AS rev, presented_ca_id AS presented, ready_ca_id AS ready FROM gateway
   WHERE ${ALIVE} ORDER BY id`,
  { idempotent: true },
);

// A session stands on the CA of its certificate and on the gateway's; what is not on record is not known (NULL).
const agentFacts = sql<
  AgentFact & { readonly state: AgentState },
  [tenant: string | null, afterTenant: string, afterId: string | null, leaving: string, now: Date, limit: number]
>(
  'agentFacts',
  `SELECT a.tenant_id AS tenant, a.id, a.name, a.state, a.bundle_digest AS bundle,
     coalesce(s.gateway_id IS NOT NULL AND g.${ALIVE}, false) AS connected,
     CASE WHEN s.gateway_id IS NULL THEN s.since WHEN g.${ALIVE} THEN $5::timestamptz
       ELSE greatest(s.since, g.heartbeat_at) END AS "seenAt",
     EXISTS (
       SELECT FROM agent_certificate c JOIN certificate_authority ca ON ca.id = c.ca_id
       WHERE c.tenant_id = a.tenant_id AND c.agent_id = a.id AND c.state IN ('pending', 'current')
         AND c.not_after > $5 AND (ca.id = $4 OR ca.issuer_id = $4)
     ) AS "leafLeaves",
     (agents.id = $4 OR agents.issuer_id IS NOT DISTINCT FROM $4) AS "certificateLeaves",
     (gateways.id = $4 OR gateways.issuer_id IS NOT DISTINCT FROM $4) AS "chainLeaves"
   FROM agent a
   LEFT JOIN agent_session s ON s.tenant_id = a.tenant_id AND s.agent_id = a.id
   LEFT JOIN gateway g ON g.id = s.gateway_id
   LEFT JOIN agent_certificate sc ON sc.tenant_id = s.tenant_id AND sc.serial = s.serial
   LEFT JOIN certificate_authority agents ON agents.id = sc.ca_id
   LEFT JOIN certificate_authority gateways ON gateways.id = s.server_ca_id
   WHERE ($1::text IS NULL OR a.tenant_id = $1) AND a.state <> 'decommissioned'
     AND ($3::uuid IS NULL OR (a.tenant_id, a.id) > ($2, $3))
   ORDER BY a.tenant_id, a.id LIMIT $6`,
  { idempotent: true },
);

/** Gateways that live. */
export function listGateways(db: Queryable): Promise<GatewayFact[]> {
  return db.query(gatewayFacts());
}

/** Agents after `after`, at most `limit`. */
export function listAgents(
  db: Queryable,
  { tenant, leaving, now }: FactsOf,
  after: AgentPlace | null,
  limit: number,
): Promise<AgentFact[]> {
  return db.query(agentFacts(tenant, after?.tenant ?? '', after?.id ?? null, leaving, now, limit));
}
