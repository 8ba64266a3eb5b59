/** `desktop.tree`: what there is, with selectors that name each element. */
import { DESKTOP_STEPS, type DesktopTreeNode } from '@casare/shared/workflow';
import { selectorFor, snapshotOf, type DesktopNode } from '../../desktop/index.ts';
import { StepFailure, type Step } from '../../engine/index.ts';
import { locateOne } from './locate.ts';
import { type DesktopScope, desktopStep } from './step.ts';

/** Elements of one answer: a larger tree is asked for in parts. */
const MAX_NODES = 3_000;

/** Fails with TREE_TOO_LARGE. */
export const treeStep: Step = desktopStep(DESKTOP_STEPS.tree, async ({ target, depth }, scope) => {
  const { nodes, roots } = await nodesOf(scope, target, depth);
  if (nodes.length <= MAX_NODES) return roots.map((root) => treeOf(root, nodes));
  throw new StepFailure({
    type: 'runtime',
    code: 'TREE_TOO_LARGE',
    title: 'The tree is too large for one answer',
    detail: `It has ${nodes.length} elements, ${MAX_NODES} fit: name a smaller part as \`target\`, or give \`depth\``,
    certain: true,
  });
});

async function nodesOf(
  scope: DesktopScope,
  target: string | undefined,
  depth: number | undefined,
): Promise<{ nodes: DesktopNode[]; roots: DesktopNode[] }> {
  const options = { hidden: false, signal: scope.signal, ...(depth === undefined ? {} : { depth }) };
  const { elements } = scope.driver;
  if (target === undefined) {
    const nodes = await snapshotOf(elements, await scope.session.windows(), options);
    return { nodes, roots: nodes.filter(({ ancestors }) => ancestors.length === 0) };
  }
  const found = await locateOne(scope, target);
  // Selectors are to hold on the whole desktop, so the rest of the window is read too.
  const all = await snapshotOf(elements, [found.window], { hidden: false, signal: scope.signal });
  const root = all.find(({ element }) => element.ref === found.element.ref);
  if (root === undefined) return { nodes: [], roots: [] };
  const most = root.ancestors.length + (depth ?? Infinity);
  const inside = all.filter(
    (node) => node === root || (node.ancestors.includes(root) && node.ancestors.length <= most),
  );
  return { nodes: inside, roots: [root] };
}

function treeOf(root: DesktopNode, nodes: readonly DesktopNode[]): DesktopTreeNode {
  const made = new Map<DesktopNode, DesktopTreeNode>();
  for (const node of nodes) {
    const { element } = node;
    const states = [...element.states].filter((state) => state !== 'showing' && state !== 'enabled');
    made.set(node, {
      ...{ role: element.roles[0], name: element.name, selector: selectorFor(node, nodes) },
      ...(states.length === 0 ? {} : { states }),
    });
    const parent = made.get(node.ancestors.at(-1) ?? node);
    if (parent !== undefined && node !== root && parent !== made.get(node))
      (parent.children ??= []).push(made.get(node)!);
  }
  return made.get(root)!;
}
