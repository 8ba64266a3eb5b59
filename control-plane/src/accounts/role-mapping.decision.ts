/** What a provider's word about somebody makes them here (pure). Default deny: no group that is listed, no role. */
import type { Role } from '@casare/shared/api';

export interface RoleRule {
  readonly group: string;
  readonly role: Role;
}

/** Highest first. Roles are no ladder, so this is the order in which one wins over another. */
const RANK: readonly Role[] = ['owner', 'admin', 'security', 'operator', 'developer', 'viewer'];
/** Of a person; more are not looked at. */
const GROUPS = 1_000;

/** The role that `claims` give by the table, or null. `path`: a claim, or members of it, such as `app_metadata.role`. */
export function roleFor(claims: object, path: string, rules: readonly RoleRule[]): Role | null {
  const groups = new Set(groupsAt(claims, path));
  const given = rules.filter(({ group }) => groups.has(group)).map(({ role }) => role);
  return RANK.find((role) => given.includes(role)) ?? null;
}

function groupsAt(claims: object, path: string): string[] {
  // A claim may have dots in its name.
  const found = Object.hasOwn(claims, path)
    ? memberOf(claims, path)
    : path.split('.').reduce<unknown>(memberOf, claims);
  const list: readonly unknown[] = Array.isArray(found) ? found.slice(0, GROUPS) : [found];
  return list.filter((group): group is string => typeof group === 'string');
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
