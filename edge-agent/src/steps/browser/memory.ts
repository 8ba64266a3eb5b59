/**
 * What a browser session must not show: the secrets typed in it and the fields that hold them. Only executors see
 * values of secrets, so it is they who keep them out of traces, screenshots and messages.
 */
import type { Locator, Page } from 'playwright-core';
import type { Json } from '@casare/shared/workflow';
import { createVault } from '../../engine/index.ts';

/** Arguments that say where, not what: they are kept readable. */
const PLACES = new Set(['target', 'saveAs', 'expect', 'visible', 'gone']);

/** Shorter values would cover half the page. */
const SHORTEST_COVERED = 4;

/** The secrets of one session. */
export class SecretMemory {
  readonly #values = new Set<string>();
  #scrub: (text: string) => string = (text) => text;
  #fields: Locator[] = [];

  /** Remembers every text of the arguments of a step that uses a secret. */
  remember(args: unknown): void {
    for (const text of textsOf(args)) this.#values.add(text);
    const forms = [...this.#values].flatMap((value) => [value, escapeHtml(value)]);
    const vault = createVault(Object.fromEntries(forms.map((form, index) => [`value${index}`, form])));
    this.#scrub = (text) => vault.scrub<string>(text);
  }

  /** Remembers a field that a secret was typed into: screenshots cover it. */
  cover(field: Locator): void {
    this.#fields.push(field);
  }

  /** True while no step has used a secret. */
  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  /**
   * What a screenshot must cover: password fields, fields with secrets and, where `shown`, any text that shows one.
   * The latter names secrets to Playwright, so no trace may be recording.
   */
  masks(page: Page, shown: boolean): Locator[] {
    const values = shown ? [...this.#values].filter((value) => value.length >= SHORTEST_COVERED) : [];
    return page
      .frames()
      .flatMap((frame) => [frame.locator('input[type="password"]'), ...values.map((value) => frame.getByText(value))])
      .concat(this.#fields);
  }

  /** The document with those fields is gone. */
  forgetFields(): void {
    this.#fields = [];
  }

  /** The text with every remembered value, raw or encoded, replaced by `***`. */
  scrub(text: string): string {
    return this.#scrub(text);
  }

  /** True when the text holds a remembered value; values too short to be told from other text count only alone. */
  isIn(text: string): boolean {
    return this.#values.has(text) || this.#scrub(text) !== text;
  }
}

function textsOf(value: unknown, key = ''): string[] {
  if (PLACES.has(key)) return [];
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Record<string, Json>).flatMap(([name, item]) => textsOf(item, name));
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
