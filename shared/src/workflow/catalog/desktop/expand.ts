import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { DesktopExpectation, acting } from './family.ts';

export const expand = defineStep({
  ...acting,
  name: 'desktop.expand',
  summary: 'Opens or closes a tree item, an expander or a combo box.',
  with: z.strictObject({ target: Target, expanded: z.boolean().optional(), expect: DesktopExpectation.optional() }),
  output: z.strictObject({ expanded: z.boolean() }),
  example: { target: 'treeitem "Accounts"', expanded: true },
});
