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

/** What needs a role. `self` is what everybody has of their own: keys, sessions, password. */
export const RolePermission = z.enum([
  'self:read',
  'self:write',
  'jobs:read',
  'jobs:write',
  'jobs:review',
  'workflows:read',
  'workflows:write',
  'agents:read',
  'agents:write',
  'tokens:read',
  'tokens:write',
  'trust:read',
  'trust:write',
  'audit:read',
  'accounts:read',
  'accounts:write',
  'accounts:recover',
]);
export type RolePermission = z.infer<typeof RolePermission>;

/** What an endpoint asks for; `public` and `signedIn` need no role. */
export type Permission = RolePermission | 'public' | 'signedIn';

const READ = ['self:read', 'self:write', 'jobs:read', 'workflows:read', 'agents:read'] as const;
const JOBS = ['jobs:read', 'jobs:write', 'jobs:review'] as const;
const ADMIN = [
  ...READ,
  ...JOBS,
  'workflows:write',
  'agents:write',
  'tokens:read',
  'tokens:write',
  'trust:read',
  'audit:read',
  'accounts:read',
  'accounts:write',
] as const;
const SECURITY = [
  ...READ,
  'agents:write',
  'tokens:read',
  'tokens:write',
  'trust:read',
  'trust:write',
  'audit:read',
  'accounts:read',
] as const;

export const PERMISSIONS: Readonly<Record<Role, readonly RolePermission[]>> = {
  owner: [...new Set([...ADMIN, ...SECURITY, 'accounts:recover'] as const)],
  admin: [...new Set(ADMIN)],
  operator: [...new Set([...READ, ...JOBS, 'agents:write', 'tokens:read'] as const)],
  developer: [...READ, 'jobs:write', 'workflows:write'],
  viewer: READ,
  security: SECURITY,
};

/** What somebody may do: all of a role, or, with `scopes`, only those permissions of it. */
export interface Rights {
  readonly role: Role;
  readonly scopes: readonly RolePermission[] | null;
}

/** True when they may do what `permission` names. */
export function allows(rights: Rights, permission: Permission): boolean {
  return permission === 'public' || permission === 'signedIn' || permissionsOf(rights).includes(permission);
}

/** What they may do, one by one. */
export function permissionsOf({ role, scopes }: Rights): RolePermission[] {
  return PERMISSIONS[role].filter((permission) => scopes === null || scopes.includes(permission));
}

/** True when `inner` may do nothing that `outer` may not. */
export function within(inner: Rights, outer: Rights): boolean {
  const may = permissionsOf(outer);
  return permissionsOf(inner).every((permission) => may.includes(permission));
}
