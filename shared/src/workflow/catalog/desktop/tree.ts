import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

/** An element with what is in it. */
const Node: z.ZodType<DesktopTreeNode> = z.lazy(() =>
  z.strictObject({
    role: z.string(),
    name: z.string(),
    selector: z.string().nullable(),
    states: z.array(z.string()).optional(),
    children: z.array(Node).optional(),
  }),
);
/** An element of the answer of `desktop.tree`. */
export interface DesktopTreeNode {
  role: string;
  name: string;
  selector: string | null;
  states?: string[] | undefined;
  children?: DesktopTreeNode[] | undefined;
}

export const tree = defineStep({
  ...reading,
  name: 'desktop.tree',
  summary: 'Reads the accessible tree of an element or of all windows, with selectors that name each element.',
  with: z.strictObject({
    target: Target.optional(),
    depth: z.int().min(1).max(50).optional().describe('Levels below the element; all without.'),
  }),
  output: z.array(Node),
  example: { target: 'window /^Ledger/', depth: 3 },
});
