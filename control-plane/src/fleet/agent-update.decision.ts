/** What an agent is to be after a person's update of it. Pure. */
import { GRANTS, type Agent, type AgentUpdate } from '@casare/shared/api';

/** What people change of an agent. */
export type AgentTerms = Pick<Agent, 'name' | 'site' | 'grants'>;

/** The agent's terms after the update; `full` when it would have more grants than an agent may have. */
export function termsAfter(now: AgentTerms, update: AgentUpdate): AgentTerms | 'full' {
  const { name = now.name, site = now.site, addGrants = [], removeGrants = [] } = update;
  const kept = update.grants ?? now.grants.filter((grant) => !removeGrants.includes(grant));
  const grants = [...new Set([...kept, ...addGrants])];
  return grants.length > GRANTS ? 'full' : { name, site, grants };
}

/** What is different, from what to what, for the audit log; null when nothing is. */
export function differenceOf(now: AgentTerms, after: AgentTerms): Record<string, unknown> | null {
  const changed: Record<string, unknown> = {};
  for (const key of ['name', 'site'] as const) {
    if (now[key] !== after[key]) changed[key] = { from: now[key], to: after[key] };
  }
  const added = after.grants.filter((grant) => !now.grants.includes(grant));
  const removed = now.grants.filter((grant) => !after.grants.includes(grant));
  if (added.length + removed.length > 0) changed.grants = { added, removed };
  return Object.keys(changed).length === 0 ? null : changed;
}
