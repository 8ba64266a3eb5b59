/**
 * Tells what a click that should start a download has started: a download, a document that the browser shows instead of
 * saving, or a refusal. Listens to the whole context, because links may open another tab.
 *
 * A download may come from a navigation, from a form, or from a script that fetches the file first. An error answered to
 * a navigation is final; an error answered to a script may be repeated by it, so it counts only if no download follows.
 */
import type { BrowserContext, Download, Page, Request, Response } from 'playwright-core';

/** What came of the click. */
export type DownloadStart =
  | { readonly kind: 'download'; readonly download: Download; readonly response: Response | null }
  | { readonly kind: 'document'; readonly response: Response }
  | { readonly kind: 'refused'; readonly response: Response };

/** How long a download may take to follow an answer that does not look like one. */
const SCRIPT_GRACE_MS = 2_000;
const DOCUMENT_GRACE_MS = 1_000;
/** Answers that are remembered to find the one a download belongs to. */
const MAX_RESPONSES = 200;

export class DownloadWatch {
  readonly #context: BrowserContext;
  readonly #start = Promise.withResolvers<DownloadStart>();
  readonly #responses: Response[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #pages: Page[] = [];

  constructor(context: BrowserContext) {
    this.#context = context;
    context.on('download', this.#onDownload);
    context.on('response', this.#onResponse);
    context.on('page', this.#onPage);
  }

  /** Settles with what the click started; never rejects, and stays open if nothing comes. */
  get started(): Promise<DownloadStart> {
    return this.#start.promise;
  }

  /** Stops listening and closes the tabs that were opened meanwhile. */
  async end(): Promise<void> {
    this.#context.off('download', this.#onDownload);
    this.#context.off('response', this.#onResponse);
    this.#context.off('page', this.#onPage);
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#pages.map((page) => page.close()));
  }

  readonly #onPage = (page: Page): void => {
    this.#pages.push(page);
  };

  readonly #onDownload = (download: Download): void => {
    const response = this.#responses.findLast((candidate) => candidate.url() === download.url()) ?? null;
    this.#start.resolve(
      response !== null && response.status() >= 400
        ? { kind: 'refused', response }
        : { kind: 'download', download, response },
    );
  };

  readonly #onResponse = (response: Response): void => {
    this.#responses.push(response);
    if (this.#responses.length > MAX_RESPONSES) this.#responses.shift();
    const request = response.request();
    const failed = response.status() >= 400;
    if (request.isNavigationRequest()) {
      if (failed) this.#start.resolve({ kind: 'refused', response });
      else if (isShown(response)) this.#later(DOCUMENT_GRACE_MS, { kind: 'document', response });
    } else if (failed && isScripted(request)) {
      this.#later(SCRIPT_GRACE_MS, { kind: 'refused', response });
    }
  };

  #later(ms: number, start: DownloadStart): void {
    if (this.#timers.length < MAX_RESPONSES) this.#timers.push(setTimeout(() => this.#start.resolve(start), ms));
  }
}

/** A file that the browser can show, such as a text or an image; a web page is no file. */
function isShown(response: Response): boolean {
  if (response.status() !== 200) return false;
  const { 'content-type': type = '', 'content-disposition': disposition = '' } = response.headers();
  return !/^\s*attachment/i.test(disposition) && !/^\s*(text\/html|application\/xhtml\+xml)/i.test(type) && type !== '';
}

function isScripted(request: Request): boolean {
  return request.resourceType() === 'fetch' || request.resourceType() === 'xhr';
}
