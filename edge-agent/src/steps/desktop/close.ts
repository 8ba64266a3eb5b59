/** `desktop.close`: asks a window to close and waits for it; without one, ends the session, there being none is as good. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { locateWindow, pause } from './locate.ts';
import { dialogBefore } from './ready.ts';
import { DesktopSession } from './session.ts';
import { type DesktopScope, sessionStep } from './step.ts';

const LOOK_AGAIN_MS = 50;

export const closeStep: Step = sessionStep(DESKTOP_STEPS.close, async ({ window }, frame) => {
  if (window === undefined) await DesktopSession.end(frame.context);
  else await frame.run(DesktopSession.of(frame.context), (scope) => closeWindow(scope, window));
  return null;
});

/** @throws StepFailure WINDOW_NOT_CLOSED (408) */
async function closeWindow(scope: DesktopScope, target: string): Promise<void> {
  const window = await locateWindow(scope, target);
  // Closed below its dialog it would be gone, and the dialog not.
  for (;;) {
    const dialog = await dialogBefore(scope, window);
    if (dialog === null) break;
    if (scope.signal.aborted) throw notClosed(`${target} cannot be closed: ${dialog}`, true);
    await pause(scope, LOOK_AGAIN_MS);
  }
  scope.acting();
  await scope.driver.windows.close(window);
  for (;;) {
    const windows = await scope.session.windows();
    const left = windows.find(({ element }) => element.ref === window.element.ref);
    if (left?.element.states.has('showing') !== true) return;
    if (scope.signal.aborted) {
      const titles = windows.map(({ title }) => JSON.stringify(title.slice(0, 100))).join(', ');
      throw notClosed(`${target} is still open; it may ask something first. Open windows: ${titles}`, false);
    }
    await pause(scope, LOOK_AGAIN_MS);
  }
}

function notClosed(detail: string, certain: boolean): StepFailure {
  const title = 'The window did not close';
  return new StepFailure({ type: 'timeout', status: 408, code: 'WINDOW_NOT_CLOSED', title, detail, certain });
}
