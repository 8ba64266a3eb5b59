/** Which pages there are, in groups, and who may see them. The server judges again; here it decides what is offered. */
import type { Me, RolePermission } from '@casare/shared/api';
import { HOME, Link, type Route } from './router.tsx';

interface Entry {
  readonly name: string;
  readonly to: Route;
}

/** In groups of what is looked at together. */
const GROUPS: readonly { readonly name: string; readonly entries: readonly Entry[] }[] = [
  {
    name: 'Runs',
    entries: [
      { name: 'Jobs', to: HOME },
      { name: 'Dead letters', to: { page: 'dead-letters', reason: null } },
      { name: 'Schedules', to: { page: 'schedules' } },
    ],
  },
  {
    name: 'Operations',
    entries: [
      { name: 'Agents', to: { page: 'agents', state: null } },
      { name: 'Maintenance', to: { page: 'maintenance' } },
      { name: 'Alerts', to: { page: 'alerts' } },
    ],
  },
  {
    name: 'Access',
    entries: [
      { name: 'Secrets', to: { page: 'secrets' } },
      { name: 'Join tokens', to: { page: 'join-tokens' } },
      { name: 'People', to: { page: 'people' } },
      { name: 'Identity providers', to: { page: 'providers' } },
    ],
  },
  { name: 'Platform', entries: [{ name: 'Tenants', to: { page: 'tenants' } }] },
  {
    name: 'You',
    entries: [
      { name: 'Your account', to: { page: 'account' } },
      { name: 'Your tenant', to: { page: 'own-tenant' } },
    ],
  },
];

/** What a page needs; those that are not named need nothing but to be signed in. */
const NEEDS: Partial<Record<Route['page'], RolePermission>> = {
  agents: 'agents:read',
  agent: 'agents:read',
  schedules: 'schedules:read',
  schedule: 'schedules:read',
  'new-schedule': 'schedules:write',
  alerts: 'alerts:read',
  secrets: 'secrets:read',
  secret: 'secrets:read',
  'new-secret': 'secrets:write',
  people: 'accounts:read',
  'join-tokens': 'tokens:read',
  providers: 'accounts:read',
  'own-tenant': 'tenant:read',
  tenants: 'platform:read',
  tenant: 'platform:read',
  'new-tenant': 'platform:write',
};

/** A page within another one is found under it. */
const UNDER: Partial<Record<Route['page'], Route['page']>> = {
  job: 'jobs',
  agent: 'agents',
  schedule: 'schedules',
  'new-schedule': 'schedules',
  secret: 'secrets',
  'new-secret': 'secrets',
  tenant: 'tenants',
  'new-tenant': 'tenants',
};

/** About the whole tenant, so not for who is limited to some of its sites, whatever their role. */
const OF_ALL_SITES: ReadonlySet<Route['page']> = new Set(['maintenance']);

/** What they would need to see the page: a permission, or all sites. Null when they may see it. */
export function missingFor(me: Me, page: Route['page']): RolePermission | 'all sites' | null {
  if (me.sites !== null && OF_ALL_SITES.has(page)) return 'all sites';
  const needed = NEEDS[page];
  return needed === undefined || me.permissions.includes(needed) ? null : needed;
}

export function Navigation({ me, route }: { me: Me; route: Route }) {
  const here = UNDER[route.page] ?? route.page;
  return (
    <nav aria-label="Pages" className="pages">
      {GROUPS.map(({ name, entries }) => {
        const shown = entries.filter(({ to }) => missingFor(me, to.page) === null);
        if (shown.length === 0) return null;
        return (
          <ul key={name} aria-label={name}>
            {shown.map((entry) => (
              <li key={entry.name}>
                <Link to={entry.to} aria-current={entry.to.page === here ? 'page' : undefined}>
                  {entry.name}
                </Link>
              </li>
            ))}
          </ul>
        );
      })}
    </nav>
  );
}
