/** `desktop.activate`: a window comes to the front. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { stateOf } from './expectation.ts';
import { locateWindow, pause } from './locate.ts';
import { desktopStep } from './step.ts';

const LOOK_AGAIN_MS = 50;

/** Fails with WINDOW_NOT_ACTIVATED when the window manager does not give it the focus. */
export const activateStep: Step = desktopStep(DESKTOP_STEPS.activate, async ({ window: target }, scope) => {
  const window = await locateWindow(scope, target);
  await scope.driver.windows.activate(window);
  for (;;) {
    const now = (await scope.session.windows()).find(({ element }) => element.ref === window.element.ref);
    if (now?.active === true) return stateOf(now, scope);
    if (scope.signal.aborted) {
      throw new StepFailure({
        type: 'timeout',
        status: 408,
        code: 'WINDOW_NOT_ACTIVATED',
        title: 'The window did not come to the front',
        detail: `${target} did not get the focus: another window, such as a dialog, may keep it`,
      });
    }
    await pause(scope, LOOK_AGAIN_MS);
  }
});
