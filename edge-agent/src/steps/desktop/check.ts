/** `desktop.check`: sets or clears what can be checked, and reads it back. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { clickOn } from './click.ts';
import { meet } from './expectation.ts';
import { locateOne, pause } from './locate.ts';
import { desktopStep } from './step.ts';

const LOOK_AGAIN_MS = 40;
/** Looks until the state must have changed. */
const LOOKS = 25;

/** Fails with NOT_CHECKABLE, or NOT_CHECKED when the element keeps its state. */
export const checkStep: Step = desktopStep(DESKTOP_STEPS.check, async ({ target, checked, expect }, scope) => {
  const wanted = checked ?? true;
  const node = await locateOne(scope, target);
  if (!node.element.states.has('checkable')) {
    throw failure('NOT_CHECKABLE', 'The element cannot be checked', `${target} has no checked state`, true);
  }
  if (node.element.states.has('checked') !== wanted) {
    await clickOn(scope, node);
    for (let look = 0; ; look += 1) {
      const now = await scope.driver.elements.again(node.element);
      if (now?.states.has('checked') === wanted) break;
      if (look === LOOKS || scope.signal.aborted) {
        const why = `${target} is ${wanted ? 'not checked' : 'still checked'}: a radio button is cleared by choosing another`;
        throw failure('NOT_CHECKED', 'The element kept its state', why, false);
      }
      await pause(scope, LOOK_AGAIN_MS);
    }
  }
  await meet(scope, expect);
  return { checked: wanted };
});

function failure(code: string, title: string, detail: string, certain: boolean): StepFailure {
  return new StepFailure({ type: certain ? 'validation' : 'runtime', code, title, detail, certain });
}
