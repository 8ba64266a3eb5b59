/** `desktop.scroll`: the wheel, so often or until something shows. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { untilAborted } from '../within.ts';
import { windowState } from './expectation.ts';
import { turnWheel } from './hands.ts';
import { locateOne, locateShown, pause } from './locate.ts';
import { waitUntilReady } from './ready.ts';
import { type DesktopScope, desktopStep } from './step.ts';
import { isSeen } from './view.ts';

const NOTCHES = 3;
/** Applications scroll when they get to it. */
const LOOK_AGAIN_MS = 100;

/** Fails with EXPECTATION_NOT_MET when `until` does not show in time. */
export const scrollStep: Step = desktopStep(
  DESKTOP_STEPS.scroll,
  async ({ target, direction, notches, until }, scope) => {
    const node = await locateOne(scope, target);
    const { point } = await waitUntilReady(scope, node, 'enabled');
    scope.acting();
    for (;;) {
      if (until !== undefined && (await isAnySeen(scope, until))) break;
      if (!scope.signal.aborted) await turnWheel(scope, node.window, point, direction ?? 'down', notches ?? NOTCHES);
      if (until === undefined) break;
      await pause(scope, LOOK_AGAIN_MS);
      if (scope.signal.aborted) {
        throw new StepFailure({
          type: 'timeout',
          status: 408,
          code: 'EXPECTATION_NOT_MET',
          title: 'The desktop did not become what was expected',
          detail: `Scrolled ${direction ?? 'down'} for ${scope.context.timeoutMs} ms, and ${until} does not show`,
        });
      }
    }
    return windowState(scope);
  },
);

/** Also false when the time is over while it is looked. */
async function isAnySeen(scope: DesktopScope, target: string): Promise<boolean> {
  try {
    for (const node of await untilAborted(scope.signal, locateShown(scope, target))) {
      if (await isSeen(scope, node)) return true;
    }
  } catch (error) {
    if (scope.context.signal.aborted || !scope.signal.aborted) throw error;
  }
  return false;
}
