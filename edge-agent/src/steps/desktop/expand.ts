/** `desktop.expand`: opens or closes, by the element's own action, else with a click, and reads it back. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { clickOn } from './click.ts';
import { meet } from './expectation.ts';
import { locateOne, pause } from './locate.ts';
import { waitUntilReady } from './ready.ts';
import { desktopStep } from './step.ts';

const LOOK_AGAIN_MS = 40;
/** Looks until the state must have changed. */
const LOOKS = 25;

/** Fails with NOT_EXPANDABLE, or NOT_EXPANDED when the element keeps its state. */
export const expandStep: Step = desktopStep(DESKTOP_STEPS.expand, async ({ target, expanded, expect }, scope) => {
  const wanted = expanded ?? true;
  const node = await locateOne(scope, target);
  if (!node.element.states.has('expandable')) {
    throw failure('NOT_EXPANDABLE', 'The element cannot be opened', `${target} has nothing to open or close`, true);
  }
  if (node.element.states.has('expanded') !== wanted) {
    // A combo box that is open lies below what it has opened.
    const isBelow = !wanted && node.element.roles.includes('combobox');
    const element = isBelow ? node.element : (await waitUntilReady(scope, node, 'enabled')).element;
    scope.acting();
    if (!(await scope.driver.elements.expand(element, wanted))) await clickOn(scope, node);
    for (let look = 0; ; look += 1) {
      const now = await scope.driver.elements.again(node.element);
      if (now?.states.has('expanded') === wanted) break;
      if (look === LOOKS || scope.signal.aborted) {
        const why = `${target} is still ${wanted ? 'closed' : 'open'}`;
        throw failure('NOT_EXPANDED', 'The element kept its state', why, false);
      }
      await pause(scope, LOOK_AGAIN_MS);
    }
  }
  await meet(scope, expect);
  return { expanded: wanted };
});

function failure(code: string, title: string, detail: string, certain: boolean): StepFailure {
  return new StepFailure({ type: certain ? 'validation' : 'runtime', code, title, detail, certain });
}
