/** How many agents of a tenant have which first unmet condition: the table of `why-pending.decision.ts`, counted in SQL. */
import { sql, type Queryable } from '../platform/database/index.ts';

// In the order of `firstUnmet`; a test holds the two together.
const countUnmet = sql<
  { code: string; agents: number },
  [
    tenant: string,
    slot: string,
    site: string | null,
    capabilities: string[],
    only: string[],
    closed: string[],
    sites: string[],
  ]
>(
  'countUnmet',
  `SELECT CASE
     WHEN EXISTS (SELECT FROM unnest($5::text[]) AS o(id) WHERE o.id <> a.id::text) THEN 'OTHER_AGENT'
     WHEN a.state = 'pending' THEN 'NOT_APPROVED'
     WHEN a.state IN ('locked', 'suspect') THEN 'LOCKED'
     WHEN a.state <> 'active' THEN 'NOT_ACTIVE'
     WHEN a.id::text = ANY($6::text[]) OR coalesce(a.site = ANY($7::text[]), false) THEN 'MAINTENANCE'
     WHEN $3::text IS NOT NULL AND a.site IS DISTINCT FROM $3 THEN 'OTHER_SITE'
     WHEN NOT (ARRAY(SELECT c FROM unnest($4::text[]) c WHERE NOT starts_with(c, 'secret='))
       <@ (a.capabilities || a.grants)) THEN 'MISSING_CAPABILITY'
     WHEN NOT ($4::text[] <@ (a.capabilities || a.grants || a.sealed_labels)) THEN 'SECRET_NOT_SEALED'
     WHEN coalesce((a.slots->>$2)::int, 0) = 0 THEN 'NO_SUCH_SLOT'
     WHEN s.gateway_id IS NULL OR NOT coalesce(g.heartbeat_at > clock_timestamp() - interval '15 seconds', false)
       THEN 'OFFLINE'
     WHEN (SELECT count(*) FROM job_lease l
       WHERE l.tenant_id = a.tenant_id AND l.agent_id = a.id AND l.slot = $2) >= (a.slots->>$2)::int THEN 'NO_FREE_SLOT'
     ELSE 'NONE' END AS code, count(*)::int AS agents
   FROM agent a
   LEFT JOIN agent_session s ON s.tenant_id = a.tenant_id AND s.agent_id = a.id
   LEFT JOIN gateway g ON g.id = s.gateway_id
   WHERE a.tenant_id = $1 AND (a.left_at IS NULL OR a.left_at > clock_timestamp() - interval '1 day')
   GROUP BY code ORDER BY agents DESC, code`,
  { idempotent: true },
);

const sealedLabels = sql<{ id: string; labels: string[] }, [tenant: string, agents: string[]]>(
  'sealedLabels',
  `SELECT id, sealed_labels AS labels FROM agent WHERE tenant_id = $1 AND id = ANY($2) AND sealed_labels <> '{}'`,
  { idempotent: true },
);

/** `secret=<name>` of what is sealed to each of these agents; without those that have none. */
export async function labelsOfSealed(
  db: Queryable,
  tenant: string,
  agents: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await db.query(sealedLabels(tenant, [...agents]));
  return new Map(rows.map(({ id, labels }) => [id, labels]));
}

/** Requirements as the count takes them: `only` are the agents that the job is for. */
export interface Needs {
  readonly slot: string;
  readonly site: string | null;
  readonly capabilities: readonly string[];
  readonly only: readonly string[];
  /** In maintenance. */
  readonly closed: { readonly agents: readonly string[]; readonly sites: readonly string[] };
}

/** Every agent of the tenant, by the first condition that it does not meet. */
export async function countByUnmet(
  db: Queryable,
  tenant: string,
  { slot, site, capabilities, only, closed }: Needs,
): Promise<{ code: string; agents: number }[]> {
  return db.query(countUnmet(tenant, slot, site, [...capabilities], [...only], [...closed.agents], [...closed.sites]));
}
