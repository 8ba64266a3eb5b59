/**
 * `browser.download`: clicks an element and stores the file it leads to. An answer that is an error is never stored: it
 * fails the step with the answer's own status, and the page is taken back to where it was, so that the step can be
 * repeated. Storing is keyed by `saveAs`: a repetition replaces the file.
 */
import { writeFile } from 'node:fs/promises';
import type { Download, Page, Response } from 'playwright-core';
import { BROWSER_STEPS, type StoredFile } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { DownloadWatch, type DownloadStart } from './download-watch.ts';
import { storeFile } from '../run-files.ts';
import { locateOne } from './locate.ts';
import { mediaTypeOf } from '../media-type.ts';
import { actOn } from './perform.ts';
import { browserStep, type BrowserScope } from './step.ts';
import { untilAborted } from '../within.ts';

/** A document that the browser shows is fetched again into memory. */
const MAX_DOCUMENT_BYTES = 200 * 2 ** 20;
const BACK_MS = 2_000;

/** @throws StepFailure DOWNLOAD_REFUSED (the answer's status), DOWNLOAD_BROKEN (502), DOWNLOAD_NOT_STARTED (408) */
export const downloadStep: Step = browserStep(BROWSER_STEPS.download, async ({ target, saveAs }, scope) => {
  // Found first: what else the page loads until then is not what the click leads to.
  await locateOne(scope, target);
  const before = scope.page.url();
  const watch = new DownloadWatch(scope.session.context);
  scope.afterwards(() => watch.end());
  await actOn(scope, target, (element) => element.click(scope.bound));
  const start = await waitForStart(scope, watch, target);
  switch (start.kind) {
    case 'download':
      return storeDownload(scope, start.download, start.response, saveAs);
    case 'document':
      scope.afterwards(() => goBack(scope.page, start.response, before));
      return storeDocument(scope, start.response, saveAs);
    case 'refused':
      scope.afterwards(() => goBack(scope.page, start.response, before));
      throw refused(start.response);
  }
});

async function waitForStart(scope: BrowserScope, watch: DownloadWatch, target: string): Promise<DownloadStart> {
  try {
    return await untilAborted(scope.signal, watch.started);
  } catch (error) {
    if (scope.context.signal.aborted) throw error;
    throw new StepFailure({
      type: 'timeout',
      status: 408,
      code: 'DOWNLOAD_NOT_STARTED',
      title: 'No download started',
      detail: `${target} was clicked, but no file came: the page is now ${scope.page.url()}`,
    });
  }
}

async function storeDownload(
  scope: BrowserScope,
  download: Download,
  response: Response | null,
  saveAs: string,
): Promise<StoredFile> {
  const cancel = (): void => void download.cancel().catch(() => {});
  scope.signal.addEventListener('abort', cancel, { once: true });
  try {
    const broken = await download.failure();
    if (broken !== null) throw interrupted(download, broken);
    return await storeFile(scope.context, {
      saveAs,
      kind: 'output',
      mediaType: mediaTypeOf(response?.headers()['content-type'], saveAs),
      write: (path) => download.saveAs(path),
    });
  } finally {
    scope.signal.removeEventListener('abort', cancel);
    await download.delete().catch(() => {});
  }
}

/** The browser shows the file instead of saving it (a text, an image, a PDF in its viewer): ask for it once more. */
async function storeDocument(scope: BrowserScope, shown: Response, saveAs: string): Promise<StoredFile> {
  const response = await scope.session.context.request.get(shown.url(), scope.bound);
  if (response.status() >= 400) throw refused(response);
  if (Number(response.headers()['content-length'] ?? 0) > MAX_DOCUMENT_BYTES) throw tooLarge(shown.url());
  const body = await response.body();
  return storeFile(scope.context, {
    saveAs,
    kind: 'output',
    mediaType: mediaTypeOf(response.headers()['content-type'], saveAs),
    write: (path) => writeFile(path, body, { mode: 0o600 }),
  });
}

/** Only if the page itself went there: going back from where it was would lose the place. */
async function goBack(page: Page, response: Response, before: string): Promise<void> {
  if (!response.request().isNavigationRequest() || response.frame() !== page.mainFrame()) return;
  // An error without a body ends on a page of the browser's own, so it is the leaving that is waited for.
  await page.waitForURL((url) => url.href !== before, { waitUntil: 'commit', timeout: BACK_MS });
  await page.goBack({ waitUntil: 'domcontentloaded', timeout: BACK_MS });
}

function refused(response: { url(): string; status(): number; statusText(): string }): StepFailure {
  return new StepFailure({
    type: 'communication',
    status: response.status(),
    code: 'DOWNLOAD_REFUSED',
    title: 'The site answered the download with an error',
    detail: `${response.url()} answered ${response.status()} ${response.statusText()}`.trim(),
  });
}

function interrupted(download: Download, reason: string): StepFailure {
  return new StepFailure({
    type: 'communication',
    status: 502,
    code: 'DOWNLOAD_BROKEN',
    title: 'The download broke off',
    detail: `${download.url().slice(0, 500)}: ${reason}`,
  });
}

function tooLarge(url: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'DOWNLOAD_TOO_LARGE',
    title: 'The file is too large to be fetched',
    detail: `${url} is shown by the browser and larger than ${MAX_DOCUMENT_BYTES} bytes: ask the site for it as an attachment`,
  });
}
