/** `browser.screenshot`: a PNG of the page or of one element, secrets covered. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { storeFile } from '../run-files.ts';
import { locateOne } from './locate.ts';
import { coversEveryField, maskedScreenshot } from './masked-screenshot.ts';
import { browserStep } from './step.ts';

export const screenshotStep: Step = browserStep(
  BROWSER_STEPS.screenshot,
  async ({ target, fullPage, saveAs }, scope) => {
    const element = target === undefined ? null : await locateOne(scope, target);
    return storeFile(scope.context, {
      saveAs,
      kind: 'screenshot',
      mediaType: 'image/png',
      masked: coversEveryField(scope.context),
      write: (path) => maskedScreenshot(scope.context, scope.session, { path, element, fullPage: fullPage ?? false }),
    });
  },
);
