/** `desktop.window`: place, size and state of a window; the answer is what it became. */
import { setTimeout as delay } from 'node:timers/promises';
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { Box, DesktopWindow } from '../../desktop/index.ts';
import type { Step } from '../../engine/index.ts';
import { stateOf } from './expectation.ts';
import { locateWindow } from './locate.ts';
import { type DesktopScope, desktopStep } from './step.ts';

/** A window that has not changed for so many looks is settled. */
const SAME_LOOKS = 3;
const LOOK_AGAIN_MS = 40;
const MAX_LOOKS = 50;

export const windowStep: Step = desktopStep(
  DESKTOP_STEPS.window,
  async ({ window: target, state, x, y, width, height }, scope) => {
    const window = await locateWindow(scope, target);
    const { windows } = scope.driver;
    const place = { ...(x !== undefined && { x }), ...(y !== undefined && { y }) };
    const size = { ...(width !== undefined && { width }), ...(height !== undefined && { height }) };
    const isPlaced = Object.keys({ ...place, ...size }).length > 0;
    // A window that fills the screen has no place of its own.
    if (state !== undefined || isPlaced) await windows.setState(window, isPlaced ? 'normal' : (state ?? 'normal'));
    if (isPlaced) await windows.place(window, { ...place, ...size });
    if (isPlaced && state !== undefined && state !== 'normal') await windows.setState(window, state);
    const box = await settled(scope, window);
    return { window: stateOf(window, scope).window, state: await windows.state(window), ...box };
  },
);

/** The place of the window once it has stopped changing; nothing for one that does not show. */
async function settled(scope: DesktopScope, window: DesktopWindow): Promise<Box> {
  let last = '';
  let box: Box | null = null;
  for (let look = 0, same = 0; look < MAX_LOOKS && same < SAME_LOOKS; look += 1) {
    box = await scope.driver.windows.bounds(window);
    const now = JSON.stringify(box);
    same = now === last ? same + 1 : 0;
    last = now;
    await delay(LOOK_AGAIN_MS, undefined, { signal: scope.signal });
  }
  return box ?? { x: 0, y: 0, width: 0, height: 0 };
}
