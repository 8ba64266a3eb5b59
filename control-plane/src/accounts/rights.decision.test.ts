import { Role, allows, permissionsOf, RolePermission, within, type Rights } from '@casare/shared/api';
import { describe, expect, test } from 'vitest';
import { rightsOfKey } from './rights.decision.ts';

const all = (role: Role): Rights => ({ role, scopes: null });

test('an owner may everything in their tenant, everybody may look, and everybody has what is their own', () => {
  const ofTenants = RolePermission.options.filter((permission) => !permission.startsWith('platform:'));
  expect(permissionsOf(all('owner')).toSorted()).toEqual(ofTenants.toSorted());
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
      const rights = rightsOfKey(all(key), { role: account });
      const both = permissionsOf(all(key)).filter((permission) => allows(all(account), permission));
      expect(permissionsOf(rights).toSorted()).toEqual(both.toSorted());
    },
  );

  test('and its scopes stay', () => {
    const key: Rights = { role: 'owner', scopes: ['trust:write', 'jobs:read'] };
    expect(permissionsOf(rightsOfKey(key, { role: 'admin' }))).toEqual(['jobs:read']);
    expect(permissionsOf(rightsOfKey(key, { role: 'owner' })).toSorted()).toEqual(['jobs:read', 'trust:write']);
  });
});

describe('the platform', () => {
  const operator: Rights = { ...all('owner'), platform: true };

  test('is a right beside the role, which no role has and nobody gives who has it not', () => {
    for (const role of Role.options) {
      expect(allows(all(role), 'platform:read')).toBe(false);
      expect(within({ ...all(role), platform: true }, all('owner'))).toBe(false);
      expect(allows({ ...all(role), platform: true }, 'platform:write')).toBe(true);
    }
    expect(within(operator, operator)).toBe(true);
    expect(allows({ ...operator, scopes: ['jobs:read'] }, 'platform:read')).toBe(false);
  });

  test('a key has it only while both key and account do', () => {
    const key: Rights = { role: 'viewer', scopes: null, platform: true };
    expect(allows(rightsOfKey(key, operator), 'platform:write')).toBe(true);
    expect(allows(rightsOfKey(key, all('owner')), 'platform:read')).toBe(false);
    expect(allows(rightsOfKey(key, all('owner')), 'jobs:read')).toBe(true);
    expect(allows(rightsOfKey(all('viewer'), operator), 'platform:read')).toBe(false);
  });
});

test('in a suspended tenant everybody reads what they read before, and changes nothing', () => {
  for (const role of Role.options) {
    const read = permissionsOf(all(role)).filter((permission) => permission.endsWith(':read'));
    expect(permissionsOf({ ...all(role), suspended: true })).toEqual(read);
    expect(permissionsOf(rightsOfKey(all(role), { role, suspended: true })).toSorted()).toEqual(read.toSorted());
  }
});
