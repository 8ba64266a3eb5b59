/**
 * The sites that whoever asks is limited to, by the asynchronous context of their request. Each transaction of a tenant takes
 * them along (`withTenant`), and row-level security shows it nothing of another site (migration 0032).
 *
 * Invariant: what many share runs outside of any: a loop that a request has woken, a statement that several callers gather.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { refuse, type Refusal } from './refusal.ts';

const scope = new AsyncLocalStorage<readonly string[]>();

/** Does `work` for somebody who is limited to these sites; null: to none. */
export function atSites<T>(sites: readonly string[] | null, work: () => T): T {
  return sites === null ? scope.exit(work) : scope.run(sites, work);
}

/** The sites of what runs now; null: all. */
export function presentSites(): readonly string[] | null {
  return scope.getStore() ?? null;
}

/** Why what runs now may make nothing at this site, or at none; null when it may. */
export function refusalOfSite(site: string | null): Refusal | null {
  const sites = presentSites();
  if (sites === null || (site !== null && sites.includes(site))) return null;
  const where = site === null ? 'that names no site' : `at the site ${site}`;
  return refuse('denied', 'SITE_DENIED', `You may make nothing ${where}.`, {
    detail: `Your role holds at: ${sites.join(', ') || 'no site'}.`,
    fix: 'Give one of your sites (`site`), or ask an owner for another role.',
  });
}
