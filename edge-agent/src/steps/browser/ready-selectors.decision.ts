/** For every element of a page a selector that names it alone, ready to be copied into a document. */
import type { RoleStep, Selector } from '@casare/shared/workflow';
import type { AriaNode } from './aria-tree.ts';

/** An element and the selector that names it. */
export interface ReadySelector {
  /** Elements around it. */
  readonly depth: number;
  readonly selector: Selector;
}

/** In the order of the nodes. By role and name where that is enough, else inside what is around it, else by number. */
export function readySelectors(nodes: readonly AriaNode[]): ReadySelector[] {
  const pages = pagesOf(nodes);
  const steps = new Map<AriaNode, RoleStep[]>();
  const stepsTo = (node: AriaNode): RoleStep[] => {
    const known = steps.get(node) ?? [...into(frameOf(node)), ...within(node, pages.get(frameOf(node)) ?? [])];
    steps.set(node, known);
    return known;
  };
  const into = (frame: AriaNode | undefined): RoleStep[] => (frame === undefined ? [] : stepsTo(frame));
  return nodes.map((node) => ({ depth: node.ancestors.length, selector: { steps: stepsTo(node) } }));
}

/** The steps to a node from the page, or the frame, that it stands in and whose elements these are. */
function within(node: AriaNode, page: readonly AriaNode[]): RoleStep[] {
  const step = stepOf(node);
  const same = page.filter((other) => fits(other, node));
  if (same.length <= 1) return [step];
  const around = node.ancestors
    .slice(node.ancestors.findLastIndex(isFrame) + 1)
    .filter(({ name }) => name !== '')
    .findLast((outer) => {
      const alone = page.filter((other) => fits(other, outer)).length === 1;
      return alone && same.filter((other) => other.ancestors.includes(outer)).length === 1;
    });
  return around === undefined ? [{ ...step, nth: same.indexOf(node) + 1 }] : [stepOf(around), step];
}

/** Whether the first is also meant by role and name of the second. A role alone means every element of the role. */
function fits(node: AriaNode, wanted: AriaNode): boolean {
  if (node.role !== wanted.role) return false;
  return wanted.name === '' ? wanted.url === undefined || node.url === wanted.url : node.name === wanted.name;
}

/** Elements by the frame that they stand in; those of the page itself under `undefined`. */
function pagesOf(nodes: readonly AriaNode[]): Map<AriaNode | undefined, readonly AriaNode[]> {
  return Map.groupBy(nodes, frameOf);
}

function frameOf(node: AriaNode): AriaNode | undefined {
  return node.ancestors.findLast(isFrame);
}

function isFrame({ role }: AriaNode): boolean {
  return role === 'frame';
}

function stepOf(node: AriaNode): RoleStep {
  const name = node.name === '' ? {} : { name: { kind: 'exact' as const, text: node.name } };
  const attributes = node.url === undefined ? [] : [{ key: 'url', value: node.url }];
  return { kind: 'role', role: node.role, attributes, ...name };
}
