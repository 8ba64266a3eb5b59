/** The roles by which selectors find what UI Automation shows. */
import { expect, test } from 'vitest';
import { rolesOfUia } from './roles.ts';

const plain = { isGrid: false, isGridItem: false, toggles: false };

test.each([
  [50_004, plain, 'Edit', 'textbox'],
  [50_000, plain, 'Button', 'button'],
  [50_008, plain, 'List', 'list'],
  [50_008, { ...plain, isGrid: true }, 'List', 'table'],
  [50_020, { ...plain, isGridItem: true }, 'Text', 'cell'],
  [50_029, { ...plain, isGridItem: true }, 'DataItem', 'row'],
  [50_025, plain, 'Custom', 'generic'],
  [49_999, plain, '49999', 'generic'],
])('%i %o is %s and found by %s', (type, traits, nativeRole, role) => {
  const found = rolesOfUia(type, traits);
  expect(found.nativeRole).toBe(nativeRole);
  expect(found.roles[0]).toBe(role);
});
