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
}

/** True when they may do what `permission` names. */
export function allows(rights: Rights, permission: Permission): boolean {
  return permission === 'public' || permission === 'signedIn' || permissionsOf(rights).includes(permission);
}

/** What they may do, one by one. */
export function permissionsOf({ role, scopes, platform = false, suspended = false }: Rights): RolePermission[] {
  const all: readonly RolePermission[] = platform ? [...PERMISSIONS[role], ...PLATFORM] : PERMISSIONS[role];
  return all.filter(
    (permission) => (scopes === null || scopes.includes(permission)) && (!suspended || permission.endsWith(':read')),
  );
}

/** True when `inner` may do nothing that `outer` may not. */
export function within(inner: Rights, outer: Rights): boolean {
  const may = permissionsOf(outer);
  return permissionsOf(inner).every((permission) => may.includes(permission));
}
