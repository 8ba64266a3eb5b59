import type { Role } from '@casare/shared/api';
import { expect, test } from 'vitest';
import { roleFor, type RoleRule } from './role-mapping.decision.ts';

const RULES: RoleRule[] = [
  { group: 'everybody', role: 'viewer' },
  { group: 'ops', role: 'operator' },
  { group: 'sec', role: 'security' },
  { group: 'it', role: 'admin' },
];

test.each<[object, string, Role | null]>([
  [{ groups: ['ops'] }, 'groups', 'operator'],
  [{ groups: 'ops' }, 'groups', 'operator'],
  // The highest wins, whatever the order.
  [{ groups: ['everybody', 'ops'] }, 'groups', 'operator'],
  [{ groups: ['it', 'sec', 'everybody'] }, 'groups', 'admin'],
  [{ groups: ['sec', 'ops'] }, 'groups', 'security'],
  // Default deny.
  [{ groups: ['strangers'] }, 'groups', null],
  [{ groups: [] }, 'groups', null],
  [{}, 'groups', null],
  [{ groups: ['OPS', 'ops '] }, 'groups', null],
  [{ groups: { ops: true } }, 'groups', null],
  [{ groups: [['ops'], 1, null, { ops: 1 }] }, 'groups', null],
  [{ groups: [...Array<string>(1_000).fill('x'), 'ops'] }, 'groups', null],
  [{ app_metadata: { role: 'it' } }, 'app_metadata.role', 'admin'],
  [{ app_metadata: { role: 'it' } }, 'app_metadata', null],
  [{ app_metadata: null }, 'app_metadata.role', null],
  [{ 'https://acme.example/groups': ['ops'] }, 'https://acme.example/groups', 'operator'],
  // What everything has is no claim.
  [{ groups: ['ops'] }, 'constructor.name', null],
  [{ groups: ['ops'] }, '__proto__', null],
])('%j by %s is %s', (claims, path, role) => {
  expect(roleFor(claims, path, RULES)).toBe(role);
});
