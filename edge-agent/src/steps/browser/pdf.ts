/** `browser.pdf`: the page as it prints. Texts of a PDF cannot be covered, so a page that shows a secret is not printed. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { storeFile } from '../run-files.ts';
import { browserStep } from './step.ts';

/** Fails with PDF_SHOWS_SECRET. */
export const pdfStep: Step = browserStep(
  BROWSER_STEPS.pdf,
  async ({ saveAs, format, landscape, background }, { context, session, page }) => {
    if (await session.taint.isShown()) throw showsSecret(page.url());
    return storeFile(context, {
      saveAs,
      kind: 'output',
      mediaType: 'application/pdf',
      write: async (path) => {
        await page.pdf({
          path,
          format: format ?? 'A4',
          landscape: landscape ?? false,
          printBackground: background ?? false,
        });
      },
    });
  },
);

function showsSecret(url: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 409,
    code: 'PDF_SHOWS_SECRET',
    title: 'The page shows a secret and is not printed',
    detail: `${url} holds a secret that this run has typed: print it once it is gone`,
    certain: true,
  });
}
