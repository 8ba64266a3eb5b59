/**
 * A run's browser session: one browser context with its tabs. `browser.open` starts it, `browser.close` or the end of the
 * run ends it; it is never restored after a restart.
 */
import type { BrowserContext, Page } from 'playwright-core';
import type { ClaimedProfile, StartedBrowser } from '../../browser/index.ts';
import { systemClock } from '../../clock.ts';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { Dialogs } from './dialogs.ts';
import type { DownloadRoom } from './download-room.ts';
import type { Guard } from './guard.ts';
import { SecretMemory } from './memory.ts';
import { PageLog, type Mark } from './page-log.ts';
import { Tabs } from './tabs.ts';
import { Taint } from './taint.ts';
import { isTopLevel, pageOf } from './top-level.ts';
import { TraceRecorder } from './trace.ts';
import { within } from '../within.ts';

const SESSION = 'browser';
/** Errors and dialogs of the page that are kept to explain a failure. */
const MAX_INCIDENTS = 10;
const INCIDENT_LENGTH = 300;
const TITLE_MS = 5_000;
const KEEP_MS = 10_000;

/** What belongs to the browser and ends with the session. */
interface Belongings {
  readonly started: StartedBrowser;
  readonly guard: Guard | null;
  readonly profile: ClaimedProfile | null;
  readonly room: DownloadRoom;
}

export class BrowserSession {
  readonly context: BrowserContext;
  readonly memory = new SecretMemory();
  readonly taint: Taint;
  readonly trace: TraceRecorder;
  readonly log: PageLog;
  readonly tabs: Tabs;
  readonly dialogs: Dialogs;
  readonly #belongings: Belongings;
  readonly #gone = new AbortController();
  /** How each tab came to what it shows: the method of its last navigation. */
  readonly #methods = new WeakMap<Page, string>();
  readonly #titles = new WeakMap<Page, { readonly url: string; readonly title: string }>();
  #incidents: string[] = [];
  #notices: string[] = [];
  #recorded: Mark = 0;
  /** Of the network log, where the last steps began, oldest first. */
  #stepMarks: Mark[] = [];
  #closing = false;

  constructor(context: BrowserContext, page: Page, belongings: Belongings) {
    this.#belongings = belongings;
    this.context = context;
    const note = (incident: string): void => this.note(incident);
    this.taint = new Taint(context, this.memory);
    this.trace = new TraceRecorder(context, this.memory);
    this.log = new PageLog(
      context,
      this.memory,
      () => this.taint.is,
      () => systemClock.now().wall,
    );
    this.tabs = new Tabs(context, page, note, () => this.#gone.abort(new Error('Page crashed')));
    this.dialogs = new Dialogs(context, note);
    context.on('weberror', (error) => note(`error in the page: ${error.error().message}`));
    context.on('request', (request) => {
      const top = isTopLevel(request) ? pageOf(request) : null;
      if (top !== null) this.#methods.set(top, request.method());
    });
    belongings.started.browser.on('disconnected', () => {
      if (!this.#closing) this.#gone.abort(new Error('Browser has been closed'));
    });
  }

  /** The session of the run; fails with BROWSER_NOT_OPEN, BROWSER_GONE. */
  static of(context: StepContext): BrowserSession {
    const session = BrowserSession.find(context);
    if (session?.isAlive === true) return session;
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

  /** What the browser downloads. */
  get downloads(): DownloadRoom {
    return this.#belongings.room;
  }

  /** The current tab. */
  get page(): Page {
    return this.tabs.current;
  }

  get isAlive(): boolean {
    return !this.page.isClosed() && this.#belongings.started.browser.isConnected();
  }

  /** Aborts when the browser or its page ends unasked: not every wait of a step would notice. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Where in the network log the step before the present one began. */
  get previousStep(): Mark {
    return this.#stepMarks.at(-2) ?? 0;
  }

  /** What is new in the page's log since this was last asked: what a step's evidence shows. */
  takeLog(): Mark {
    const since = this.#recorded;
    this.#recorded = this.log.mark;
    return since;
  }

  beginStep(): void {
    this.#stepMarks = [...this.#stepMarks, this.log.mark].slice(-2);
  }

  /** True when the current page is the answer to a form: loading it again would send the form again. */
  get isAnswerToForm(): boolean {
    return (this.#methods.get(this.page) ?? 'GET') !== 'GET';
  }

  /** The title of the current page, the known one unless `anew` or its address has changed; empty when it cannot be had in time. */
  async title(anew: boolean, withinMs = TITLE_MS): Promise<string> {
    const { page } = this;
    const known = this.#titles.get(page);
    const url = page.url();
    if (!anew && known?.url === url) return known.title;
    const title = await within(withinMs, page.title()).catch(() => '');
    this.#titles.set(page, { url, title });
    return title;
  }

  /** The current page has said its title along with something else. */
  noteTitle(title: string): void {
    this.#titles.set(this.page, { url: this.page.url(), title });
  }

  /** The policy's word about where a page was led since it was last asked. */
  takeRefusal(): StepFailure | null {
    return this.#belongings.guard?.takeRefusal() ?? null;
  }

  /** What went wrong in the page since it was last asked, oldest first. */
  takeIncidents(): string[] {
    const incidents = this.#incidents;
    this.#incidents = [];
    return incidents;
  }

  /** What must be told though no step fails of it, since it was last asked. */
  takeNotices(): string[] {
    const notices = this.#notices;
    this.#notices = [];
    return notices;
  }

  tell(notice: string): void {
    if (this.#notices.length < MAX_INCIDENTS) this.#notices.push(this.memory.scrub(notice).slice(0, INCIDENT_LENGTH));
  }

  note(incident: string): void {
    const line = this.memory.scrub(incident.replaceAll(/\s+/g, ' ')).slice(0, INCIDENT_LENGTH);
    if (this.#incidents.length < MAX_INCIDENTS) this.#incidents.push(line);
  }

  async close(): Promise<void> {
    const { started, guard, profile } = this.#belongings;
    this.#closing = true;
    try {
      if (profile !== null) await this.#keep(profile);
      await this.context.close();
    } catch {
      // The browser is gone already; what is left of it is ended below.
    } finally {
      await started.close();
      await guard?.close();
      profile?.release();
    }
  }

  /** A profile that cannot be kept stays as it was. */
  async #keep(profile: ClaimedProfile): Promise<void> {
    // Not every database can be written down; without them is better than nothing.
    const state = await within(KEEP_MS, this.context.storageState({ indexedDB: true })).catch(() =>
      within(KEEP_MS, this.context.storageState()),
    );
    profile.save(state);
  }
}
