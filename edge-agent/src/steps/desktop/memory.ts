/** What a desktop session must not show: the secrets typed in it and the fields that hold them. */
import type { DesktopElement } from '../../desktop/index.ts';
import { createVault } from '../../engine/index.ts';

/** Shorter values would cover half the screen. */
const SHORTEST_COVERED = 4;

/** The secrets of one session. */
export class DesktopMemory {
  readonly #values = new Set<string>();
  readonly #fields = new Set<string>();
  #scrub: (text: string) => string = (text) => text;

  /** Remembers a value that was typed, and the field that it was typed into. */
  remember(value: string, field?: DesktopElement): void {
    if (field !== undefined) this.#fields.add(field.ref);
    if (value === '') return;
    this.#values.add(value);
    const vault = createVault(Object.fromEntries([...this.#values].map((text, index) => [`value${index}`, text])));
    this.#scrub = (text) => vault.scrub<string>(text);
  }

  /** Nothing was typed that must be covered; protected fields are covered all the same. */
  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  /** True for what a picture must cover. */
  covers(element: DesktopElement, text: string | null): boolean {
    if (element.states.has('protected') || this.#fields.has(element.ref)) return true;
    const shown = `${element.name}\n${text ?? ''}`;
    return [...this.#values].some((value) => value.length >= SHORTEST_COVERED && shown.includes(value));
  }

  /** The text with every remembered value replaced by `***`. */
  scrub(text: string): string {
    return this.#scrub(text);
  }
}
