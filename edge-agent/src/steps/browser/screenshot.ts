/** `browser.screenshot`: a PNG of the page or of one element, secrets covered. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { storeFile } from '../run-files.ts';
import { locateOne } from './locate.ts';
import { browserStep } from './step.ts';

export const screenshotStep: Step = browserStep(
  BROWSER_STEPS.screenshot,
  async ({ target, fullPage, saveAs }, scope) => {
    const element = target === undefined ? null : await locateOne(scope, target);
    const masks = scope.session.memory.masks(scope.page);
    // A screenshot takes no signal in Playwright; the frame around every step bounds it.
    const options = { animations: 'disabled', mask: masks, timeout: scope.context.timeoutMs, type: 'png' } as const;
    return storeFile(scope.context, {
      saveAs,
      kind: 'screenshot',
      mediaType: 'image/png',
      write: async (path) => {
        await (element === null
          ? scope.page.screenshot({ ...options, path, fullPage: fullPage ?? false })
          : element.screenshot({ ...options, path }));
      },
    });
  },
);
