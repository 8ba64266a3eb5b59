/**
 * A run's browser session: one browser context with one current page. `browser.open` starts it, `browser.close` or the
 * end of the run ends it; it is never restored after a restart.
 *
 * Dialogs are dismissed and noted: a page that waits for an answer would hang every later step.
 */
import type { BrowserContext, Page } from 'playwright-core';
import type { StartedBrowser } from '../../browser/index.ts';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { SecretMemory } from './memory.ts';
import { TraceRecorder } from './trace.ts';

/** Size of the page, CSS pixels. */
export interface Viewport {
  readonly width: number;
  readonly height: number;
}

const SESSION = 'browser';
const DEFAULT_VIEWPORT: Viewport = { width: 1_280, height: 800 };
/** Errors and dialogs of the page that are kept to explain a failure. */
const MAX_INCIDENTS = 10;
const INCIDENT_LENGTH = 300;

export class BrowserSession {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly memory = new SecretMemory();
  readonly trace: TraceRecorder;
  readonly #started: StartedBrowser;
  readonly #gone = new AbortController();
  #incidents: string[] = [];
  #closing = false;

  private constructor(started: StartedBrowser, context: BrowserContext, page: Page) {
    this.#started = started;
    this.context = context;
    this.page = page;
    this.trace = new TraceRecorder(context, this.memory);
    context.on('weberror', (error) => this.#note(`error in the page: ${error.error().message}`));
    context.on('dialog', (dialog) => {
      this.#note(`dialog dismissed: ${dialog.type()} ${JSON.stringify(dialog.message())}`);
      // It may have gone with its page in the meantime.
      dialog.dismiss().catch(() => {});
    });
    page.on('crash', () => {
      this.#note('the page crashed');
      this.#gone.abort(new Error('Page crashed'));
    });
    started.browser.on('disconnected', () => {
      if (!this.#closing) this.#gone.abort(new Error('Browser has been closed'));
    });
  }

  /** A fresh session in a browser that the session owns from now on. */
  static async start(started: StartedBrowser, viewport: Viewport = DEFAULT_VIEWPORT): Promise<BrowserSession> {
    try {
      const context = await started.browser.newContext({ viewport, acceptDownloads: true });
      return new BrowserSession(started, context, await context.newPage());
    } catch (error) {
      await started.close();
      throw error;
    }
  }

  /** The session of the run; fails with BROWSER_NOT_OPEN. */
  static of(context: StepContext): BrowserSession {
    const session = BrowserSession.find(context);
    if (session !== null && !session.page.isClosed() && session.#started.browser.isConnected()) return session;
    throw new StepFailure({
      type: 'runtime',
      status: 409,
      code: session === null ? 'BROWSER_NOT_OPEN' : 'BROWSER_GONE',
      title: session === null ? 'No browser session is open' : 'The browser page has been closed',
      detail: `${session === null ? 'This run has no browser session' : 'The page or its browser ended'}: call browser.open first`,
      certain: true,
    });
  }

  static find({ session: live }: Pick<StepContext, 'session'>): BrowserSession | null {
    const session = live.get(SESSION);
    return session instanceof BrowserSession ? session : null;
  }

  /** Makes this the run's session. */
  register(context: StepContext): void {
    context.session.set(SESSION, this);
  }

  /** Ends the run's session, if it has one. */
  static async end(context: Pick<StepContext, 'session'>): Promise<void> {
    const session = BrowserSession.find(context);
    context.session.delete(SESSION);
    await session?.close();
  }

  /** Aborts when the browser or its page ends unasked: not every wait of a step would notice. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** What went wrong in the page since it was last asked, oldest first. */
  takeIncidents(): string[] {
    const incidents = this.#incidents;
    this.#incidents = [];
    return incidents;
  }

  async close(): Promise<void> {
    this.#closing = true;
    try {
      await this.context.close();
    } catch {
      // The browser is gone already; what is left of it is ended below.
    } finally {
      await this.#started.close();
    }
  }

  #note(incident: string): void {
    const line = this.memory.scrub(incident.replaceAll(/\s+/g, ' ')).slice(0, INCIDENT_LENGTH);
    if (this.#incidents.length < MAX_INCIDENTS) this.#incidents.push(line);
  }
}
