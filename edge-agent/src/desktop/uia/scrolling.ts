/** Bringing an element into view without the pointer: it does that itself (ScrollItem), or what it is in is scrolled (Scroll). */
import { isWithin } from '../area.ts';
import type { Box } from '../desktop-driver.ts';
import type { Held } from './held.ts';
import { PATTERN } from './ids.ts';
import type { Patterns } from './patterns.ts';
import { isPaged, percentFor, type ScrollState } from './scrolling.decision.ts';

const SCROLL = 'IUIAutomationScrollPattern';
/** UIA_ScrollPatternNoScroll: this direction stays. */
const STAYS = -1;
/** Pages that are looked through for an element that has no place yet. */
const MOST_PAGES = 200;
/** And how long for one element, milliseconds: a call that takes longer than its own limit ends the host. */
const SEARCH_MS = 5_000;
/** Times that a place is set: areas scroll by whole lines, and say after it where they are. */
const MOST_TURNS = 3;

export class UiaScrolling {
  readonly #patterns: Patterns;
  readonly #bounds: (held: Held) => Box | null;
  readonly #now: () => number;

  /** @param now milliseconds on a clock that only goes forward */
  constructor(patterns: Patterns, bounds: (held: Held) => Box | null, now: () => number) {
    this.#patterns = patterns;
    this.#bounds = bounds;
    this.#now = now;
  }

  /** `around` is what the element is in, from the outermost in. False where nothing could be scrolled. */
  reveal(held: Held, around: readonly Held[]): boolean {
    const itself = this.#patterns.by(held, PATTERN.scrollItem, (pattern) =>
      this.#patterns.com.call(pattern, 'IUIAutomationScrollItemPattern', 'ScrollIntoView'),
    );
    if (itself) return true;
    const until = this.#now() + SEARCH_MS;
    // From the innermost out: each brings the one before into its own view.
    return around
      .toReversed()
      .map((area) => this.#scrollIn(area, held, until))
      .some(Boolean);
  }

  #scrollIn(area: Held, held: Held, until: number): boolean {
    const view = this.#bounds(area);
    if (view === null) return false;
    let scrolled = false;
    for (let turn = 0; turn < MOST_TURNS; turn += 1) {
      const box = this.#bounds(held) ?? this.#search(area, held, until);
      if (box === null || isWithin(box, view)) return scrolled;
      const state = this.#state(area);
      const to = state === null ? null : percentFor(box, view, state);
      if (to === null || !this.#set(area, to.across, to.down)) return scrolled;
      scrolled = true;
    }
    return scrolled;
  }

  /** Lists that make their items only when they show give no place to the others: it is paged through from the beginning. */
  #search(area: Held, held: Held, until: number): Box | null {
    const state = this.#state(area);
    if (state === null || !isPaged(state.down)) return null;
    const page = (state.down.view * 80) / Math.max(100 - state.down.view, 1);
    const step = Math.max(page, 100 / MOST_PAGES);
    for (let at = 0; at < 100 + step && this.#now() < until; at += step) {
      if (!this.#set(area, null, Math.min(at, 100))) return null;
      const box = this.#bounds(held);
      if (box !== null) return box;
    }
    this.#set(area, null, state.down.percent);
    return null;
  }

  #state(area: Held): ScrollState | null {
    const { com } = this.#patterns;
    return this.#patterns.read(area, PATTERN.scroll, (pattern) => ({
      across: {
        percent: com.real(pattern, SCROLL, 'get_CurrentHorizontalScrollPercent'),
        view: com.real(pattern, SCROLL, 'get_CurrentHorizontalViewSize'),
      },
      down: {
        percent: com.real(pattern, SCROLL, 'get_CurrentVerticalScrollPercent'),
        view: com.real(pattern, SCROLL, 'get_CurrentVerticalViewSize'),
      },
    }));
  }

  #set(area: Held, across: number | null, down: number | null): boolean {
    return this.#patterns.by(area, PATTERN.scroll, (pattern) =>
      this.#patterns.com.call(
        pattern,
        SCROLL,
        'SetScrollPercent',
        ['double', 'double'],
        across ?? STAYS,
        down ?? STAYS,
      ),
    );
  }
}
