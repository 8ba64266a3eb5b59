/**
 * What the pages of a session asked the network for and wrote to their console: the newest entries, kept in memory until a
 * step's evidence takes them.
 *
 * Invariants: no bodies, no headers but two harmless ones; nothing is noted while a secret is in play.
 */
import type { BrowserContext, ConsoleMessage, Request, Response } from 'playwright-core';
import type { SecretMemory } from './memory.ts';
import { readableUrl } from './scrub-url.ts';

/** Entries of each kind that are kept; older ones are dropped. */
const MAX_ENTRIES = 500;
const MAX_RESPONSES = 200;
const TEXT_LENGTH = 2_000;

type Line = Readonly<Record<string, string | number | boolean | null>>;

/** A place in the log; later entries have higher ones. */
export type Mark = number;

interface Numbered<T> {
  readonly number: Mark;
  readonly entry: T;
}

export class PageLog {
  readonly #memory: SecretMemory;
  readonly #now: () => number;
  readonly #isQuiet: () => boolean;
  readonly #answers = new WeakMap<Request, Response>();
  readonly #listeners = new Set<(response: Response) => void>();
  #number: Mark = 0;
  #network: Numbered<Line>[] = [];
  #console: Numbered<Line>[] = [];
  #responses: Numbered<Response>[] = [];

  constructor(context: BrowserContext, memory: SecretMemory, isQuiet: () => boolean, now: () => number) {
    this.#memory = memory;
    this.#isQuiet = isQuiet;
    this.#now = now;
    context.on('response', (response) => this.#answered(response));
    context.on('requestfinished', (request) => this.#ended(request));
    context.on('requestfailed', (request) => this.#ended(request));
    context.on('console', (message) => this.#said(message));
    context.on('weberror', (error) => this.#note('error', error.error().message, error.page()?.url() ?? ''));
  }

  /** Where the log stands now. */
  get mark(): Mark {
    return this.#number;
  }

  /** Requests that ended after `mark`, as JSON lines; empty for none. */
  networkSince(mark: Mark): string {
    return lines(this.#network, mark);
  }

  /** What was written to the console after `mark`, and errors of scripts, as JSON lines; empty for none. */
  consoleSince(mark: Mark): string {
    return lines(this.#console, mark);
  }

  /** Drops what was noted after `mark` of a kind that is not to be kept: no later step tells it either. */
  forget(kind: 'network' | 'console', mark: Mark): void {
    const older = ({ number }: Numbered<Line>): boolean => number <= mark;
    if (kind === 'network') this.#network = this.#network.filter(older);
    else this.#console = this.#console.filter(older);
  }

  /** Answers that came after `mark`, oldest first. */
  responsesSince(mark: Mark): Response[] {
    return this.#responses.filter(({ number }) => number > mark).map(({ entry }) => entry);
  }

  /** Calls `listener` for each answer from now on; the result stops that. */
  onResponse(listener: (response: Response) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #answered(response: Response): void {
    this.#answers.set(response.request(), response);
    this.#responses = this.#add(this.#responses, response, MAX_RESPONSES);
    for (const listener of this.#listeners) listener(response);
  }

  #ended(request: Request): void {
    if (this.#isQuiet()) return;
    const response = this.#answers.get(request);
    const headers = response?.headers() ?? {};
    const timing = request.timing();
    const line: Line = {
      at: timeOf(timing.startTime > 0 ? timing.startTime : this.#now()),
      method: request.method(),
      url: readableUrl(this.#memory.scrub(request.url())),
      kind: request.resourceType(),
      status: response?.status() ?? null,
      mediaType: headers['content-type']?.slice(0, 200) ?? null,
      bytes: Number(headers['content-length']) || null,
      ms: timing.responseEnd >= 0 ? Math.round(timing.responseEnd) : null,
      failure: request.failure()?.errorText ?? null,
    };
    this.#network = this.#add(this.#network, line, MAX_ENTRIES);
  }

  #said(message: ConsoleMessage): void {
    const { url, line } = placeOf(message);
    this.#note(message.type(), message.text(), url, line);
  }

  #note(level: string, text: string, url: string, line: number | null = null): void {
    if (this.#isQuiet()) return;
    const said = this.#memory.scrub(text).slice(0, TEXT_LENGTH);
    const where = readableUrl(this.#memory.scrub(url));
    this.#console = this.#add(
      this.#console,
      { at: timeOf(this.#now()), level, text: said, url: where, line },
      MAX_ENTRIES,
    );
  }

  #add<T>(entries: Numbered<T>[], entry: T, most: number): Numbered<T>[] {
    this.#number += 1;
    if (entries.length >= most) entries.shift();
    entries.push({ number: this.#number, entry });
    return entries;
  }
}

function placeOf(message: ConsoleMessage): { url: string; line: number | null } {
  const { url, lineNumber } = message.location();
  return { url, line: url === '' ? null : lineNumber + 1 };
}

function lines(entries: readonly Numbered<Line>[], mark: Mark): string {
  return entries
    .filter(({ number }) => number > mark)
    .map(({ entry }) => `${JSON.stringify(entry)}\n`)
    .join('');
}

function timeOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
