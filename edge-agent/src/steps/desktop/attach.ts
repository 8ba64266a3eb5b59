/** `desktop.attach`: a program that runs already becomes part of the run. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { matching, type DesktopNode, type DesktopWindow } from '../../desktop/index.ts';
import { StepFailure, type Step } from '../../engine/index.ts';
import { stateOf } from './expectation.ts';
import { changeCount, selectorOf, untilChanged } from './locate.ts';
import { type DesktopStart, sessionFor } from './session-start.ts';
import { type DesktopScope, sessionStep } from './step.ts';

/** `start` makes a desktop for each session, which owns it. */
export function attachStep(start: DesktopStart): Step {
  return sessionStep(DESKTOP_STEPS.attach, async ({ window: target }, frame) => {
    selectorOf(target);
    const session = await sessionFor(frame, start);
    return frame.run(session, async (scope) => {
      const window = await windowNamed(scope, target);
      await scope.context.policy.checkApplication(window.application);
      session.admit(window.process);
      return stateOf(window, scope);
    });
  });
}

async function windowNamed(scope: DesktopScope, target: string): Promise<DesktopWindow> {
  for (;;) {
    const since = changeCount(scope);
    const windows = await scope.driver.elements.windows();
    const nodes = windows
      .filter(({ element }) => element.states.has('showing'))
      .map((window): DesktopNode => ({ element: window.element, window, ancestors: [] }));
    const [only, ...others] = matching(nodes, selectorOf(target));
    if (only !== undefined && others.length === 0) return only.window;
    if (only !== undefined) throw failure('SELECTOR_AMBIGUOUS', 409, `${target} matches ${others.length + 1} windows`);
    // Titles of other people's windows are not told.
    if (scope.signal.aborted) throw failure('SELECTOR_NO_MATCH', 408, `no window of the display matches ${target}`);
    await untilChanged(scope, since);
  }
}

function failure(code: string, status: 408 | 409, detail: string): StepFailure {
  return new StepFailure({
    type: status === 408 ? 'timeout' : 'runtime',
    status,
    code,
    title: status === 408 ? 'The selector matches no window' : 'The selector matches several windows',
    detail,
    certain: true,
  });
}
