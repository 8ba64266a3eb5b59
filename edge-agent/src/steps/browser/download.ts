/**
 * `browser.download`: clicks an element and stores the file it leads to. An answer that is an error is never stored: it
 * fails the step with the answer's own status, and the page is taken back to where it was, so that the step can be
 * repeated. Storing is keyed by `saveAs`: a repetition replaces the file.
 */
import type { Download, Page, Response } from 'playwright-core';
import { BROWSER_STEPS, type StoredFile } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { exchange, savedAnswer, type Transport } from '../http/index.ts';
import { storeFile } from '../run-files.ts';
import { DownloadWatch, type DownloadStart } from './download-watch.ts';
import { locateOne } from './locate.ts';
import { mediaTypeOf } from '../media-type.ts';
import { actOn } from './perform.ts';
import { browserStep, type BrowserScope } from './step.ts';
import { untilAborted } from '../within.ts';

const BACK_MS = 2_000;

/**
 * Fails with DOWNLOAD_REFUSED (the answer's status), DOWNLOAD_BROKEN (502), DOWNLOAD_NOT_STARTED (408), DOWNLOAD_TOO_LARGE (413),
 * DISK_FULL (507), and for what the browser shows with what a call by HTTP fails with.
 */
export const downloadStep = (transport: Transport): Step =>
  browserStep(BROWSER_STEPS.download, async ({ target, saveAs }, scope) => {
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
        return storeDocument(scope, transport, start.response, saveAs);
      case 'refused':
        scope.afterwards(() => goBack(scope.page, start.response, before));
        throw refused(start.response.url(), {
          status: start.response.status(),
          statusText: start.response.statusText(),
        });
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
  const { downloads } = scope.session;
  try {
    await downloads.complete(download, scope.context, scope.signal);
    return await storeFile(scope.context, {
      saveAs,
      kind: 'output',
      mediaType: mediaTypeOf(response?.headers()['content-type'], saveAs),
      write: (path) => download.saveAs(path),
    });
  } finally {
    await downloads.remove(download);
  }
}

/**
 * The browser shows the file instead of saving it (a text, an image, a PDF in its viewer), and gives no more than all of it at
 * once: it is asked for once more, as the browser would, and streamed.
 */
async function storeDocument(
  scope: BrowserScope,
  transport: Transport,
  shown: Response,
  saveAs: string,
): Promise<StoredFile> {
  const url = new URL(shown.url());
  const context = { ...scope.context, signal: scope.signal };
  const call = { method: 'GET', url, headers: await headersOf(scope, shown), body: null, redirect: true };
  const { answer, file } = await savedAnswer(context, saveAs, (receiver) =>
    exchange(call, { context, transport, receiver }, null),
  );
  if (file === null) throw refused(url.href, answer);
  return file;
}

/** Who asks, and as whom. */
async function headersOf({ session }: BrowserScope, shown: Response): Promise<Record<string, string>> {
  const [cookies, agent] = await Promise.all([
    session.context.cookies(shown.url()),
    shown.request().headerValue('user-agent'),
  ]);
  return {
    ...(cookies.length === 0 ? {} : { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') }),
    ...(agent === null ? {} : { 'user-agent': agent }),
  };
}

/** Only if the page itself went there: going back from where it was would lose the place. */
async function goBack(page: Page, response: Response, before: string): Promise<void> {
  if (!response.request().isNavigationRequest() || response.frame() !== page.mainFrame()) return;
  // An error without a body ends on a page of the browser's own, so it is the leaving that is waited for.
  await page.waitForURL((url) => url.href !== before, { waitUntil: 'commit', timeout: BACK_MS });
  await page.goBack({ waitUntil: 'domcontentloaded', timeout: BACK_MS });
}

function refused(url: string, { status, statusText }: { status: number; statusText: string }): StepFailure {
  return new StepFailure({
    type: 'communication',
    status,
    code: 'DOWNLOAD_REFUSED',
    title: 'The site answered the download with no file',
    detail: `${url} answered ${status} ${statusText}`.trim(),
  });
}
