/** The one table of who may do what. The guard reads it; tests go through all of it. */
import type { Permission, Role } from '@casare/shared/api';

/** What needs a role; `public` and `signedIn` need none. */
export type RolePermission = Exclude<Permission, 'public' | 'signedIn'>;

const READ = ['jobs:read', 'workflows:read', 'agents:read'] as const satisfies RolePermission[];
const JOBS = ['jobs:read', 'jobs:write', 'jobs:review'] as const satisfies RolePermission[];
const ADMIN = [
  ...READ,
  ...JOBS,
  'workflows:write',
  'agents:write',
  'tokens:read',
  'tokens:write',
  'trust:read',
  'audit:read',
] as const satisfies RolePermission[];

export const PERMISSIONS: Readonly<Record<Role, readonly RolePermission[]>> = {
  owner: [...ADMIN, 'trust:write', 'accounts:write'],
  admin: ADMIN,
  operator: [...READ, ...JOBS, 'agents:write', 'tokens:read'],
  developer: [...READ, 'jobs:write', 'workflows:write'],
  viewer: READ,
  security: [...READ, 'agents:write', 'tokens:read', 'tokens:write', 'trust:read', 'trust:write', 'audit:read'],
};

/** True when `role` may do what `permission` names. */
export function allows(role: Role, permission: Permission): boolean {
  return permission === 'public' || permission === 'signedIn' || PERMISSIONS[role].includes(permission);
}
