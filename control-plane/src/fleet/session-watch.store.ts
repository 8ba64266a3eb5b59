/** What may end a live session from outside: the agent's state, its certificate, its CA, a newer session. */
import type { AgentState, CaState, CertificateState } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

/** A session that is watched. */
export interface Watched {
  readonly tenant: string;
  readonly agentId: string;
  readonly serial: string;
}

/** How things stand with its agent now. */
export interface Seen {
  readonly agentId: string;
  readonly state: AgentState;
  readonly site: string | null;
  readonly grants: readonly string[];
  readonly capabilities: readonly string[];
  /** The session that counts. */
  readonly sessionId: string | null;
  readonly certificate: CertificateState | null;
  readonly ca: CaState | null;
}

const watchSessions = sql<Seen, [tenants: string[], agents: string[], serials: string[]]>(
  'watchSessions',
  `SELECT w.agent_id AS "agentId", a.state, a.site, a.grants, a.capabilities, s.session_id AS "sessionId",
     c.state AS certificate, ca.state AS ca
   FROM unnest($1::text[], $2::uuid[], $3::text[]) AS w(tenant_id, agent_id, serial)
   JOIN agent a ON a.tenant_id = w.tenant_id AND a.id = w.agent_id
   LEFT JOIN agent_session s ON s.tenant_id = w.tenant_id AND s.agent_id = w.agent_id
   LEFT JOIN agent_certificate c ON c.tenant_id = w.tenant_id AND c.serial = w.serial
   LEFT JOIN certificate_authority ca ON ca.id = c.ca_id`,
  { idempotent: true },
);

/** One row for each of `watched` whose agent exists. */
export function watch(db: Queryable, watched: readonly Watched[]): Promise<Seen[]> {
  return db.query(
    watchSessions(
      watched.map(({ tenant }) => tenant),
      watched.map(({ agentId }) => agentId),
      watched.map(({ serial }) => serial),
    ),
  );
}
