/**
 * The one table of who may do what. The guard of the server, the API's document, the CLI and the console read it; tests
 * go through all of it.
 *
 * Invariant: a role is *within* another one when it may do nothing that the other may not. Whoever makes or changes an
 * account or a key stays within what they may do themselves (`within`), so nobody makes anybody above themselves.
 */
import { z } from 'zod';

export const Role = z.enum(['owner', 'admin', 'operator', 'developer', 'viewer', 'security']);
export type Role = z.infer<typeof Role>;

/** A named place of a tenant, as jobs, agents and join tokens name it. */
export const Site = z.string().min(1).max(100);

/**
 * What needs a role. `self` is what everybody has of their own: keys, sessions, password; `tenant` is one's own tenant, its
 * use and quotas; `platform` is all tenants, which no role has (`PLATFORM`).
 */
export const RolePermission = z.enum([
  'self:read',
  'self:write',
  'jobs:read',
  'jobs:write',
  'jobs:review',
  'workflows:read',
  'workflows:write',
  'schedules:read',
  'schedules:write',
  'alerts:read',
  'alerts:write',
  'agents:read',
  'agents:write',
  'secrets:read',
  'secrets:write',
  'tokens:read',
  'tokens:write',
  'trust:read',
  'trust:write',
  'audit:read',
  'accounts:read',
  'accounts:write',
  'accounts:recover',
  'providers:write',
  'tenant:read',
  'tenant:write',
  'platform:read',
  'platform:write',
]);
export type RolePermission = z.infer<typeof RolePermission>;

/** What an endpoint asks for; `public` and `signedIn` need no role. */
export type Permission = RolePermission | 'public' | 'signedIn';

const READ = [
  'self:read',
  'self:write',
  'jobs:read',
  'workflows:read',
  'schedules:read',
  'agents:read',
  'tenant:read',
] as const;
const JOBS = ['jobs:read', 'jobs:write', 'jobs:review'] as const;
const ADMIN = [
  ...READ,
  ...JOBS,
  'workflows:write',
  'schedules:write',
  'alerts:read',
  'alerts:write',
  'agents:write',
  'secrets:read',
  'secrets:write',
  'tokens:read',
  'tokens:write',
  'trust:read',
  'audit:read',
  'accounts:read',
  'accounts:write',
  'tenant:write',
] as const;
const SECURITY = [
  ...READ,
  'alerts:read',
  'agents:write',
  'secrets:read',
  'secrets:write',
  'tokens:read',
  'tokens:write',
  'trust:read',
  'trust:write',
  'audit:read',
  'accounts:read',
] as const;

export const PERMISSIONS: Readonly<Record<Role, readonly RolePermission[]>> = {
  owner: [...new Set([...ADMIN, ...SECURITY, 'accounts:recover', 'providers:write'] as const)],
  admin: [...new Set(ADMIN)],
  operator: [
    ...new Set([
      ...READ,
      ...JOBS,
      'schedules:write',
      'alerts:read',
      'agents:write',
      'secrets:read',
      'tokens:read',
    ] as const),
  ],
  developer: [...READ, 'jobs:write', 'workflows:write', 'schedules:write', 'secrets:read'],
  viewer: READ,
  security: SECURITY,
};

/** What operators of the platform may do beside their role. */
export const PLATFORM = ['platform:read', 'platform:write'] as const satisfies readonly RolePermission[];

/** What somebody may do: all of a role, or, with `scopes`, only those permissions of it. */
export interface Rights {
  readonly role: Role;
  readonly scopes: readonly RolePermission[] | null;
  /** Looks after the platform: may do what `PLATFORM` names too. */
  readonly platform?: boolean;
  /** Of a tenant that is suspended: reads only. */
  readonly suspended?: boolean;
  /** Only at these sites of the tenant; null or absent: everywhere. */
  readonly sites?: readonly string[] | null;
}

/**
 * What somebody who is limited to sites may call at all: operations that keep to sites, or are about the caller alone. Every
 * other operation is denied to them, and so is one that is new, until it is named here. What belongs to no site is not seen.
 */
export const AT_SITES: ReadonlySet<string> = new Set([
  ...[
    'auth.me',
    'auth.logout',
    'auth.changePassword',
    'auth.createSignInCode',
    'apiKeys.list',
    'apiKeys.create',
    'apiKeys.rotate',
    'apiKeys.revoke',
  ],
  ...['sessions.list', 'sessions.end', 'sessions.endOthers', 'secondFactor.show', 'secondFactor.begin'],
  ...['secondFactor.confirm', 'secondFactor.newRecoveryCodes', 'secondFactor.remove'],
  ...['workflows.list', 'workflows.get', 'workflows.versions', 'workflows.validate'],
  ...['jobs.submit', 'jobs.submitBulk', 'jobs.list', 'jobs.get', 'jobs.attempts', 'jobs.steps', 'jobs.logs'],
  ...[
    'jobs.artifacts',
    'jobs.record',
    'jobs.whyPending',
    'jobs.cancel',
    'jobs.pause',
    'jobs.resume',
    'jobActions.run',
    'jobs.retry',
    'jobs.review',
  ],
  'artifacts.get',
  ...[
    'deadLetters.list',
    'deadLetters.get',
    'deadLetters.counts',
    'agents.list',
    'agents.get',
    'agents.act',
    'agents.update',
  ],
  ...['joinTokens.list', 'joinTokens.create', 'joinTokens.revoke', 'events.stream', 'graphql.execute'],
]);
/** The permissions that these ask for. */
const SITE_PERMISSIONS: readonly RolePermission[] = [
  ...['self:read', 'self:write', 'jobs:read', 'jobs:write', 'jobs:review', 'workflows:read'],
  ...['agents:read', 'agents:write', 'tokens:read', 'tokens:write'],
] as RolePermission[];

/** True when they may do what `permission` names. */
export function allows(rights: Rights, permission: Permission): boolean {
  return permission === 'public' || permission === 'signedIn' || permissionsOf(rights).includes(permission);
}

/** True when they may call an operation: they have its permission, and it keeps to their sites where they are limited to some. */
export function mayCall(rights: Rights, operation: { readonly id: string; readonly permission: Permission }): boolean {
  const { id, permission } = operation;
  if (permission === 'public') return true;
  return allows(rights, permission) && ((rights.sites ?? null) === null || AT_SITES.has(id));
}

/** What they may do, one by one. */
export function permissionsOf({
  role,
  scopes,
  platform = false,
  suspended = false,
  sites = null,
}: Rights): RolePermission[] {
  const all: readonly RolePermission[] = platform ? [...PERMISSIONS[role], ...PLATFORM] : PERMISSIONS[role];
  return all.filter(
    (permission) =>
      (scopes === null || scopes.includes(permission)) &&
      (!suspended || permission.endsWith(':read')) &&
      (sites === null || SITE_PERMISSIONS.includes(permission)),
  );
}

/** True when `inner` may do nothing that `outer` may not. */
export function within(inner: Rights, outer: Rights): boolean {
  const may = permissionsOf(outer);
  const { sites = null } = outer;
  if (sites !== null && !(inner.sites?.every((site) => sites.includes(site)) ?? false)) return false;
  return permissionsOf(inner).every((permission) => may.includes(permission));
}
