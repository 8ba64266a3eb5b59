/** What changed about agents since a gateway last looked, whoever changed it, and the rev of trust. */
import type { AgentState } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

/** How things stand with an agent now. */
export interface Seen {
  readonly agentId: string;
  readonly state: AgentState;
  readonly site: string | null;
  readonly grants: readonly string[];
  readonly capabilities: readonly string[];
  /** The session that counts. */
  readonly sessionId: string | null;
}

/** One look. */
export interface Look {
  /** Where the next look goes on. */
  readonly horizon: bigint;
  readonly rev: number;
  readonly agents: readonly Seen[];
}

/** Without an agent, horizon and rev alone. */
type Row = { readonly horizon: string; readonly rev: number } & (Seen | { readonly agentId: null });

// Every transaction below the horizon has ended, and this look saw what it did; what ends later is at or above it. An
// agent's row says which transaction last changed it (a trigger), so that a look at rest reads one index and no agent.
// A greeting changes its agent's row too: of a session that was replaced elsewhere, the agent is among the changed.
const look = sql<Row, [since: string, tenants: string[], agents: string[]]>(
  'watchAgents',
  `SELECT h.xmin::text AS horizon, t.rev, c."agentId", c.state, c.site, c.grants, c.capabilities, c."sessionId"
   FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) h
   CROSS JOIN trust_state t
   LEFT JOIN LATERAL (
     SELECT a.id AS "agentId", a.state, a.site, a.grants, a.capabilities, s.session_id AS "sessionId"
     FROM (
       SELECT tenant_id, id FROM agent WHERE changed_xid >= $1::text::xid8
       UNION SELECT * FROM unnest($2::text[], $3::uuid[])
     ) w
     JOIN agent a ON a.tenant_id = w.tenant_id AND a.id = w.id
     LEFT JOIN agent_session s ON s.tenant_id = a.tenant_id AND s.agent_id = a.id
   ) c ON true`,
  { idempotent: true },
);

/** Agents that changed in a transaction that may have ended after the look which gave `since`, and those of `more`. */
export async function lookAfter(
  db: Queryable,
  since: bigint,
  more: readonly { readonly tenant: string; readonly agentId: string }[],
): Promise<Look> {
  const [tenants, agents] = [more.map(({ tenant }) => tenant), more.map(({ agentId }) => agentId)];
  const rows = await db.query(look(String(since), tenants, agents));
  const { horizon, rev } = rows[0]!;
  return { horizon: BigInt(horizon), rev, agents: rows.filter((row) => row.agentId !== null) };
}
