/** What people say of an agent: its name, its site, its grants. The row says which transaction changed it, for the watch. */
import { sql, type Queryable } from '../platform/database/index.ts';
import type { AgentTerms } from './agent-update.decision.ts';

const keepTerms = sql<never, [tenant: string, id: string, name: string, site: string | null, grants: string[]]>(
  'keepAgentTerms',
  `UPDATE agent SET name = $3, site = $4, grants = $5 WHERE tenant_id = $1 AND id = $2`,
);

/** Of an agent that is held. */
export async function saveTerms(tx: Queryable, tenant: string, id: string, terms: AgentTerms): Promise<void> {
  await tx.execute(keepTerms(tenant, id, terms.name, terms.site, [...terms.grants]));
}
