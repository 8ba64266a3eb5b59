/**
 * The elements that the host holds for the agent's side, by `ref`: UI Automation's own name for an element, the same
 * for the same element. Bounded: what was not asked for the longest is let go, and is gone for whoever still names it.
 */
import { DesktopError } from '../desktop-error.ts';
import type { WireElement } from './calls.ts';

/** Elements kept at once. */
const MOST = 40_000;

/** An option of a classic list that UI Automation does not show. */
export interface ClassicOption {
  readonly index: number;
}

export interface Held {
  readonly wire: WireElement;
  /** UI Automation's element; null for an option of a classic list. */
  readonly pointer: bigint | null;
  readonly option: ClassicOption | null;
  /** The nearest window around it, its own where it has one. */
  readonly window: number;
  /** Its own window, 0 for none. */
  readonly ownWindow: number;
  readonly className: string;
  readonly controlType: number;
  /** It stands for a top-level window. */
  readonly isTop: boolean;
  /** The name of a label beside it, where it has none itself. */
  readonly label: string | null;
}

export class HeldElements {
  readonly #held = new Map<string, Held>();
  readonly #release: (pointer: bigint) => void;

  constructor(release: (pointer: bigint) => void) {
    this.#release = release;
  }

  /** Keeps it in the place of what had the same ref. */
  keep(held: Held): Held {
    this.forget(held.wire.ref);
    this.#held.set(held.wire.ref, held);
    if (this.#held.size > MOST) this.forget(this.#held.keys().next().value!);
    return held;
  }

  /** Gives it the name of a label. */
  rename(ref: string, label: string): Held {
    const known = this.get(ref);
    const renamed: Held = { ...known, label, wire: { ...known.wire, name: label } };
    this.#held.set(ref, renamed);
    return renamed;
  }

  forget(ref: string): void {
    const known = this.#held.get(ref);
    if (known === undefined) return;
    this.#held.delete(ref);
    if (known.pointer !== null) this.#release(known.pointer);
  }

  find(ref: string): Held | null {
    return this.#held.get(ref) ?? null;
  }

  /** @throws DesktopError ELEMENT_GONE */
  get(ref: string): Held {
    const held = this.#held.get(ref);
    if (held !== undefined) return held;
    throw new DesktopError(
      'ELEMENT_GONE',
      'The element is not known any more: it was read before the desktop began anew',
    );
  }
}
