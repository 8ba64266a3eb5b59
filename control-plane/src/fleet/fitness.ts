/** Agents of a tenant as "why is this pending?" needs them: a query, never a guess. */
import type { AgentFitness, ClosedNow, Route, UnmetCount } from '../jobs/index.ts';
import type { Queryable } from '../platform/database/index.ts';
import { listAgents } from './agent.store.ts';
import { countByUnmet, labelsOfSealed } from './fitness.store.ts';

/** Agents looked at for one answer, the newest first. */
const AGENTS = 1_000;

/** The jobs feature is given this as its fitness port. */
export async function agentFitness(db: Queryable, tenant: string): Promise<AgentFitness[]> {
  const agents = await listAgents(db, tenant, {}, { by: 'age', ascending: false, beyond: null, limit: AGENTS });
  const sealed = await labelsOfSealed(
    db,
    tenant,
    agents.map(({ id }) => id),
  );
  return agents.map(({ id, name, state, connected, site, capabilities, grants, declared, slots, busy }) => ({
    ...{ id, name, state, connected, site, slots, busy },
    labels: new Set([...capabilities, ...grants, ...(sealed.get(id) ?? [])]),
    declared: new Set(declared),
  }));
}

/** `agent=<id>` in a route: the job is for that agent alone. */
const ONLY = 'agent=';

/** All agents of the tenant, however many, by the first condition that they do not meet. */
export function agentCounts(db: Queryable, tenant: string, route: Route, closed: ClosedNow): Promise<UnmetCount[]> {
  const only = route.capabilities.filter((capability) => capability.startsWith(ONLY));
  const capabilities = route.capabilities.filter((capability) => !capability.startsWith(ONLY));
  const needs = {
    slot: route.slot,
    site: route.site,
    capabilities,
    only: only.map((id) => id.slice(ONLY.length)),
    closed,
  };
  return countByUnmet(db, tenant, needs);
}
