/** Closed menus: what is in them can be clicked only when they are open. */
import type { DesktopNode } from '../../desktop/index.ts';
import { StepFailure } from '../../engine/index.ts';
import { clickAt, pressKeys } from './hands.ts';
import { pause } from './locate.ts';
import { waitUntilReady } from './ready.ts';
import type { DesktopScope } from './step.ts';

const LOOK_AGAIN_MS = 50;

/**
 * Opens the menus that the element is in, from the outermost in, and waits for each. Nothing has been done by that yet: a
 * menu that stays open is closed by the Escape key.
 */
export async function openMenus(scope: DesktopScope, node: DesktopNode): Promise<void> {
  const path = [...node.ancestors, node];
  for (const [index, menu] of path.entries()) {
    const next = path[index + 1];
    if (next === undefined || !menu.element.roles.includes('menu')) continue;
    if (await isShown(scope, next)) continue;
    const { point } = await waitUntilReady(scope, menu, 'enabled');
    await clickAt(scope, menu.window, point, 'left', 1);
    await shown(scope, next, menu);
  }
}

/** Closes menus that were opened for a step that has failed. */
export async function closeMenus(scope: DesktopScope, node: DesktopNode): Promise<void> {
  for (const { element } of node.ancestors) {
    if (element.roles.includes('menu')) await pressKeys(scope, ['Escape']);
  }
}

async function isShown(scope: DesktopScope, node: DesktopNode): Promise<boolean> {
  return (await scope.driver.elements.again(node.element))?.states.has('showing') === true;
}

async function shown(scope: DesktopScope, node: DesktopNode, menu: DesktopNode): Promise<void> {
  while (!(await isShown(scope, node))) {
    if (scope.signal.aborted) {
      throw new StepFailure({
        type: 'timeout',
        status: 408,
        code: 'ELEMENT_NOT_READY',
        title: 'The element could not be used in time',
        detail: `The menu ${JSON.stringify(menu.element.name.slice(0, 200))} does not open`,
        certain: true,
      });
    }
    await pause(scope, LOOK_AGAIN_MS);
  }
}
