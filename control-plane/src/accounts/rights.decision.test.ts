import { Role, allows, permissionsOf, RolePermission, within, type Rights } from '@casare/shared/api';
import { describe, expect, test } from 'vitest';
import { rightsOfKey } from './rights.decision.ts';

const all = (role: Role): Rights => ({ role, scopes: null });

test('an owner may everything, everybody may look, and everybody has what is their own', () => {
  expect(permissionsOf(all('owner')).toSorted()).toEqual(RolePermission.options.toSorted());
  for (const role of Role.options) {
    for (const permission of permissionsOf(all('viewer'))) expect(allows(all(role), permission)).toBe(true);
    expect(within(all(role), all('owner'))).toBe(true);
  }
});

test.each([
  ['admin', 'security', false],
  ['security', 'admin', false],
  ['owner', 'admin', false],
  ['developer', 'operator', false],
  ['operator', 'developer', false],
  ['operator', 'admin', true],
  ['developer', 'admin', true],
  ['viewer', 'developer', true],
  ['admin', 'admin', true],
] as const)('%s is within %s: %s', (inner, outer, expected) => {
  expect(within(all(inner), all(outer))).toBe(expected);
});

test('scopes count: less of a greater role can be within a smaller one', () => {
  expect(within({ role: 'owner', scopes: ['jobs:read'] }, all('viewer'))).toBe(true);
  expect(within({ role: 'owner', scopes: ['jobs:read', 'trust:write'] }, all('viewer'))).toBe(false);
  expect(within(all('viewer'), { role: 'owner', scopes: ['jobs:read'] })).toBe(false);
});

describe('a key never may more than its account', () => {
  test.each(Role.options.flatMap((key) => Role.options.map((account) => [key, account] as const)))(
    'key of %s, account of %s',
    (key, account) => {
      const rights = rightsOfKey(all(key), account);
      const both = permissionsOf(all(key)).filter((permission) => allows(all(account), permission));
      expect(permissionsOf(rights).toSorted()).toEqual(both.toSorted());
    },
  );

  test('and its scopes stay', () => {
    const key: Rights = { role: 'owner', scopes: ['trust:write', 'jobs:read'] };
    expect(permissionsOf(rightsOfKey(key, 'admin'))).toEqual(['jobs:read']);
    expect(permissionsOf(rightsOfKey(key, 'owner')).toSorted()).toEqual(['jobs:read', 'trust:write']);
  });
});
