/** `desktop.windows`: the open windows of the run. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { selectorFor, type DesktopNode } from '../../desktop/index.ts';
import type { Step } from '../../engine/index.ts';
import { seenWindow } from './locate.ts';
import { desktopStep } from './step.ts';

export const windowsStep: Step = desktopStep(DESKTOP_STEPS.windows, async (_args, scope) => {
  const nodes = (await scope.session.windows())
    .filter(({ element }) => element.states.has('showing'))
    .map((window): DesktopNode => ({ element: window.element, window, ancestors: [] }));
  return nodes.map((node) => {
    const { title, application } = seenWindow(node.window);
    return { title, application, active: node.window.active, selector: selectorFor(node, nodes) };
  });
});
