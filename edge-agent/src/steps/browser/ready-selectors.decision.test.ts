import { expect, test } from 'vitest';
import { formatSelector } from '@casare/shared/workflow';
import type { AriaNode } from './aria-tree.ts';
import { readySelectors } from './ready-selectors.decision.ts';

type Role = AriaNode['role'];

/** A tree written as `[role, name, ...children]`, flat. */
type Tree = readonly [Role, string, ...Tree[]];
function flat(trees: readonly Tree[], ancestors: readonly AriaNode[] = []): AriaNode[] {
  return trees.flatMap(([role, name, ...children]) => {
    const node: AriaNode = { role, name, ancestors };
    return [node, ...flat(children, [...ancestors, node])];
  });
}

test.each<[string, Tree[], string[]]>([
  [
    'role and name where they are alone',
    [
      ['button', 'Save'],
      ['button', 'Cancel'],
    ],
    ['button "Save"', 'button "Cancel"'],
  ],
  [
    'what is around it where they are not',
    [
      ['row', 'A', ['link', 'PDF']],
      ['row', 'B', ['link', 'PDF']],
    ],
    ['row "A"', 'row "A" >> link "PDF"', 'row "B"', 'row "B" >> link "PDF"'],
  ],
  [
    'the nearest around that tells them apart',
    [
      ['region', 'One', ['group', 'Same', ['link', 'PDF']]],
      ['region', 'Two', ['group', 'Same', ['link', 'PDF']]],
    ],
    [
      'region "One"',
      'region "One" >> group "Same"',
      'region "One" >> link "PDF"',
      'region "Two"',
      'region "Two" >> group "Same"',
      'region "Two" >> link "PDF"',
    ],
  ],
  [
    'a number where nothing around helps',
    [
      ['button', 'X'],
      ['button', 'X'],
    ],
    ['button "X" :nth(1)', 'button "X" :nth(2)'],
  ],
  [
    'a number among all of the role where there is no name',
    [
      ['table', ''],
      ['table', 'Orders'],
      ['list', ''],
    ],
    ['table :nth(1)', 'table "Orders"', 'list'],
  ],
  [
    'frames are places of their own',
    [
      ['button', 'Pay'],
      ['frame', 'Shop', ['button', 'Pay'], ['frame', 'Bank', ['button', 'Pay']]],
    ],
    [
      'button "Pay"',
      'frame "Shop"',
      'frame "Shop" >> button "Pay"',
      'frame "Shop" >> frame "Bank"',
      'frame "Shop" >> frame "Bank" >> button "Pay"',
    ],
  ],
])('%s', (_, trees, selectors) => {
  expect(readySelectors(flat(trees)).map(({ selector }) => formatSelector(selector))).toEqual(selectors);
});
