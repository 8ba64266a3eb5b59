/** What can be chosen in a list, a combo box, a row of tabs or a tree. */
import { snapshotOf, type DesktopNode } from '../../desktop/index.ts';
import type { DesktopScope } from './step.ts';

/** Roles of what is chosen, whatever it is in. */
const OPTIONS = new Set(['option', 'listitem', 'menuitem', 'menuitemradio', 'tab', 'treeitem', 'cell', 'row', 'radio']);

/** The options inside an element, also of a combo box that is closed. */
export async function optionsIn(scope: DesktopScope, node: DesktopNode): Promise<DesktopNode[]> {
  const window = { ...node.window, element: node.element };
  const nodes = await snapshotOf(scope.driver.elements, [window], { hidden: true, signal: scope.signal });
  return nodes
    .filter((inside) => inside.ancestors.length > 0 && inside.element.roles.some((role) => OPTIONS.has(role)))
    .map((inside) => ({ ...inside, window: node.window }));
}

/** The option with a name; several with the same mean the first that shows. */
export function optionNamed(options: readonly DesktopNode[], name: string): DesktopNode | null {
  const named = options.filter(({ element }) => normalised(element.name) === normalised(name));
  return named.find(({ element }) => element.states.has('showing')) ?? named[0] ?? null;
}

function normalised(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
