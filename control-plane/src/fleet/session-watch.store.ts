/** What changed about agents since a gateway last looked, whoever changed it, and the rev of trust. */
import type { AgentState } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

/** How things stand with an agent now. */
export interface Seen {
  readonly agentId: string;
  readonly state: AgentState;
  readonly site: string | null;
  /** With `secret=<name>` of what is sealed to it. */
  readonly grants: readonly string[];
  readonly capabilities: readonly string[];
  /** The session that counts. */
  readonly sessionId: string | null;
  /** The agent process that holds it. */
  readonly instance: string | null;
}

/** One look. */
export interface Look {
  /** What this look saw: where the next one goes on. */
  readonly snapshot: string;
  readonly rev: number;
  readonly agents: readonly Seen[];
}

/** As if nothing had been seen yet: every agent is new to the look after it. */
export const NOTHING_SEEN = '1:1:';

/** Without an agent, snapshot and rev alone. */
type Row = { readonly snapshot: string; readonly rev: number } & (Seen | { readonly agentId: null });

// An agent's row says which transaction last changed it (a trigger). A look gives those whose transaction the look before
// did not see, however late it ended: at rest it reads one index and no agent. A greeting changes its agent's row too: of
// a session that was replaced elsewhere, the agent is among the changed.
const look = sql<Row, [since: string | null, tenants: string[], agents: string[]]>(
  'watchAgents',
  `SELECT pg_current_snapshot()::text AS snapshot, t.rev, c."agentId", c.state, c.site, c.grants, c.capabilities,
     c."sessionId", c.instance
   FROM trust_state t
   LEFT JOIN LATERAL (
     SELECT a.id AS "agentId", a.state, a.site, a.grants || a.sealed_labels AS grants, a.capabilities, s.session_id AS "sessionId", s.instance
     FROM (
       SELECT tenant_id, id FROM agent
       WHERE changed_xid >= pg_snapshot_xmin($1::text::pg_snapshot)
         AND NOT pg_visible_in_snapshot(changed_xid, $1::text::pg_snapshot)
       UNION SELECT * FROM unnest($2::text[], $3::uuid[])
     ) w
     JOIN agent a ON a.tenant_id = w.tenant_id AND a.id = w.id
     LEFT JOIN agent_session s ON s.tenant_id = a.tenant_id AND s.agent_id = a.id
   ) c ON true`,
  { idempotent: true },
);

/** Agents that changed since the look that gave `since`, of none when it is null, and those of `more`. */
export async function lookAfter(
  db: Queryable,
  since: string | null,
  more: readonly { readonly tenant: string; readonly agentId: string }[],
): Promise<Look> {
  const [tenants, agents] = [more.map(({ tenant }) => tenant), more.map(({ agentId }) => agentId)];
  const rows = await db.query(look(since, tenants, agents));
  const { snapshot, rev } = rows[0]!;
  return { snapshot, rev, agents: rows.filter((row) => row.agentId !== null) };
}

/** True when `later` comes from an earlier time of the database than `earlier`: it was restored from a backup. */
export function wentBack(earlier: string, later: string): boolean {
  return endOf(later) < endOf(earlier);
}

/** The first transaction that a snapshot, `xmin:xmax:open`, has not seen the beginning of. */
function endOf(snapshot: string): bigint {
  return BigInt(snapshot.split(':')[1]!);
}
