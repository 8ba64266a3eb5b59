/** `desktop.click`: by the element's own action where that is safe, else with the pointer. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { DesktopNode } from '../../desktop/index.ts';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { clickAt, invoke } from './hands.ts';
import { locateOne } from './locate.ts';
import { closeMenus, openMenus } from './menus.ts';
import { waitUntilReady } from './ready.ts';
import { type DesktopScope, desktopStep } from './step.ts';

export const clickStep: Step = desktopStep(DESKTOP_STEPS.click, async ({ target, expect }, scope) => {
  await clickOn(scope, await locateOne(scope, target));
  return meet(scope, expect);
});

/** Clicks an element once it can be used. */
export async function clickOn(scope: DesktopScope, node: DesktopNode): Promise<void> {
  const isInMenu =
    !node.element.states.has('showing') && node.ancestors.some(({ element }) => element.roles.includes('menu'));
  try {
    if (isInMenu) await openMenus(scope, node);
    const { element, point } = await waitUntilReady(scope, node, 'enabled');
    scope.acting();
    const isDone = scope.driver.elements.actionsReturn && (await invoke(scope, element));
    if (!isDone) await clickAt(scope, node.window, point, 'left', 1);
  } catch (error) {
    if (isInMenu) await closeMenus(scope, node).catch(() => undefined);
    throw error;
  }
}
