/** `desktop.screenshot`: a PNG of the screen or of one element, secrets painted over. */
import { writeFile } from 'node:fs/promises';
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { storeFile } from '../run-files.ts';
import { locateOne } from './locate.ts';
import { coversEveryField, maskedPicture, type Taking, toPng, wholeScreen } from './picture.ts';
import { waitUntilReady } from './ready.ts';
import { type DesktopScope, desktopStep } from './step.ts';

export const screenshotStep: Step = desktopStep(DESKTOP_STEPS.screenshot, async ({ target, saveAs }, scope) => {
  const taking = await pictured(scope, target);
  const png = toPng(await maskedPicture(scope.context, scope.session, taking, scope.signal));
  return storeFile(scope.context, {
    saveAs,
    kind: 'screenshot',
    mediaType: 'image/png',
    masked: coversEveryField(scope.context),
    write: (path) => writeFile(path, png, { mode: 0o600 }),
  });
});

/** Of the place of an element that can be seen, or the whole screen. */
export async function pictured(scope: DesktopScope, target: string | undefined): Promise<Taking> {
  if (target === undefined) return wholeScreen(scope.session);
  const node = await locateOne(scope, target);
  const { box } = await waitUntilReady(scope, node, 'enabled');
  return () => scope.driver.screen.capture(box);
}
