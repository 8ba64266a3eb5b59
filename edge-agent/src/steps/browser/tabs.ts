/**
 * The tabs of a session. Steps act in the current one; a tab that the page opens waits until a step switches to it.
 *
 * Invariant: when the current tab closes, the one that was current when it opened is current again, if it is still there.
 */
import type { BrowserContext, Page } from 'playwright-core';

/** A page that opens more is misbehaving: further tabs are closed at once. */
const MAX_TABS = 50;

export class Tabs {
  readonly #context: BrowserContext;
  readonly #note: (incident: string) => void;
  readonly #crashed: () => void;
  readonly #openedFrom = new WeakMap<Page, Page>();
  #current: Page;
  /** Opened by a page and not switched to yet, oldest first. */
  #unseen: Page[] = [];
  #waiting: (() => void)[] = [];

  constructor(context: BrowserContext, first: Page, note: (incident: string) => void, crashed: () => void) {
    this.#context = context;
    this.#note = note;
    this.#crashed = crashed;
    this.#current = first;
    this.#watch(first);
    context.on('page', (page) => this.#opened(page));
  }

  get current(): Page {
    return this.#current;
  }

  /** In the order in which they were opened. */
  get all(): Page[] {
    return this.#context.pages();
  }

  switchTo(page: Page): void {
    this.#unseen = this.#unseen.filter((other) => other !== page);
    this.#current = page;
  }

  /** The oldest tab that was opened and not switched to; waits for one. Rejects with the signal's reason. */
  async nextUnseen(signal: AbortSignal): Promise<Page> {
    for (;;) {
      const page = this.#unseen.find((candidate) => !candidate.isClosed());
      if (page !== undefined) return page;
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  #opened(page: Page): void {
    if (this.all.length > MAX_TABS) {
      this.#note(`the page has opened more than ${MAX_TABS} tabs: further ones are closed`);
      page.close().catch(() => {});
      return;
    }
    this.#openedFrom.set(page, this.#current);
    this.#watch(page);
    this.#unseen.push(page);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #watch(page: Page): void {
    page.on('close', () => this.#closed(page));
    page.on('crash', () => {
      this.#note('the page crashed');
      if (page === this.#current) this.#crashed();
    });
  }

  #closed(page: Page): void {
    this.#unseen = this.#unseen.filter((other) => other !== page);
    if (page !== this.#current) return;
    const from = this.#openedFrom.get(page);
    const next = from !== undefined && !from.isClosed() ? from : this.all.at(-1);
    if (next !== undefined) this.#current = next;
  }
}
