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
  const { nodes, roots, all } = await nodesOf(scope, target, depth);
  if (nodes.length <= MAX_NODES) return roots.map((root) => treeOf(root, nodes, all));
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
): Promise<{ nodes: DesktopNode[]; roots: DesktopNode[]; all: DesktopNode[] }> {
  const found = target === undefined ? null : await locateOne(scope, target);
  // Selectors are to hold on the whole desktop, so all of it is read.
  const options = { hidden: false, signal: scope.signal };
  const all = await snapshotOf(scope.driver.elements, await scope.session.windows(), options);
  const roots = all.filter((node) =>
    found === null ? node.ancestors.length === 0 : node.element.ref === found.element.ref,
  );
  const top = roots[0]?.ancestors.length ?? 0;
  const most = top + (depth ?? Infinity);
  const nodes = all.filter(
    (node) =>
      node.ancestors.length <= most &&
      roots.includes(found === null ? (node.ancestors[0] ?? node) : (node.ancestors[top] ?? node)),
  );
  return { nodes, roots, all };
}

function treeOf(root: DesktopNode, nodes: readonly DesktopNode[], all: readonly DesktopNode[]): DesktopTreeNode {
  const made = new Map<DesktopNode, DesktopTreeNode>();
  for (const node of nodes) {
    const { element } = node;
    const states = [...element.states].filter((state) => state !== 'showing' && state !== 'enabled');
    made.set(node, {
      ...{ role: element.roles[0], name: element.name, selector: selectorFor(node, all) },
      ...(states.length === 0 ? {} : { states }),
    });
    const parent = made.get(node.ancestors.at(-1) ?? node);
    if (parent !== undefined && node !== root && parent !== made.get(node))
      (parent.children ??= []).push(made.get(node)!);
  }
  return made.get(root)!;
}
