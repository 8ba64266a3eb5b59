/** `desktop.screenshot`: a PNG of the screen or of one element, secrets painted over. */
import { writeFile } from 'node:fs/promises';
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { Box } from '../../desktop/index.ts';
import type { Step } from '../../engine/index.ts';
import { storeFile } from '../run-files.ts';
import { locateOne } from './locate.ts';
import { coversEveryField, maskedPicture, toPng, wholeScreen } from './picture.ts';
import { waitUntilReady } from './ready.ts';
import { type DesktopScope, desktopStep } from './step.ts';

export const screenshotStep: Step = desktopStep(DESKTOP_STEPS.screenshot, async ({ target, saveAs }, scope) => {
  const box = await pictured(scope, target);
  const png = toPng(await maskedPicture(scope.context, scope.session, box, scope.signal));
  return storeFile(scope.context, {
    saveAs,
    kind: 'screenshot',
    mediaType: 'image/png',
    masked: coversEveryField(scope.context),
    write: (path) => writeFile(path, png, { mode: 0o600 }),
  });
});

/** The place of an element that can be seen, or the whole screen. */
export async function pictured(scope: DesktopScope, target: string | undefined): Promise<Box> {
  if (target === undefined) return wholeScreen(scope.session);
  const node = await locateOne(scope, target);
  return (await waitUntilReady(scope, node, 'enabled')).box;
}
