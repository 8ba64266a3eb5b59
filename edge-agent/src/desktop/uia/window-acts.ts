/**
 * What top-level windows do: by their patterns Window and Transform, which know windows that do not obey messages (those of
 * packaged apps), else by Windows' own functions. How a window stands is read from Windows alone: that asks no program.
 */
import type { Box, WindowState } from '../desktop-driver.ts';
import { DesktopError, type DesktopErrorCode } from '../desktop-error.ts';
import type { TopWindows } from '../win32/windows.ts';
import type { Held } from './held.ts';
import { PATTERN, VISUAL_STATE } from './ids.ts';
import type { Patterns } from './patterns.ts';

const WINDOW = 'IUIAutomationWindowPattern';
const TRANSFORM = 'IUIAutomationTransformPattern';

/** What a window that was asked to close may end the call with. */
const ASKED: ReadonlySet<DesktopErrorCode> = new Set(['APPLICATION_NOT_ANSWERING', 'ELEMENT_GONE']);

type Place = { [K in keyof Box]?: number | undefined };

export class WindowActs {
  readonly #patterns: Patterns;
  readonly #windows: TopWindows;

  constructor(patterns: Patterns, windows: TopWindows) {
    this.#patterns = patterns;
    this.#windows = windows;
  }

  /** As its close button does. */
  close(held: Held): void {
    try {
      const closed = this.#patterns.by(held, PATTERN.window, (pattern) =>
        this.#patterns.com.call(pattern, WINDOW, 'Close'),
      );
      if (!closed) this.#windows.close(held.ownWindow);
    } catch (error) {
      // Some answer when the question that they ask first is answered, some have gone by then: it has been asked to close.
      if (!(error instanceof DesktopError) || !ASKED.has(error.code)) throw error;
    }
  }

  setState(held: Held, state: WindowState): void {
    const { com } = this.#patterns;
    const isSet = this.#patterns.by(held, PATTERN.window, (pattern) =>
      com.call(pattern, WINDOW, 'SetWindowVisualState', ['int32'], VISUAL_STATE[state]),
    );
    if (!isSet) this.#windows.setState(held.ownWindow, state);
  }

  /** What is not given stays. */
  place(held: Held, place: Place): void {
    const now = this.#windows.bounds(held.ownWindow);
    const [x, y] = [place.x ?? now?.x, place.y ?? now?.y];
    const [width, height] = [place.width ?? now?.width, place.height ?? now?.height];
    const moved =
      (place.x === undefined && place.y === undefined) || this.#transform(held, 'get_CurrentCanMove', 'Move', x, y);
    const isSized =
      (place.width === undefined && place.height === undefined) ||
      this.#transform(held, 'get_CurrentCanResize', 'Resize', width, height);
    if (!moved || !isSized) this.#windows.place(held.ownWindow, place);
  }

  #transform(
    held: Held,
    can: 'get_CurrentCanMove' | 'get_CurrentCanResize',
    act: 'Move' | 'Resize',
    one: number | undefined,
    other: number | undefined,
  ): boolean {
    const { com } = this.#patterns;
    if (one === undefined || other === undefined) return false;
    const done = this.#patterns.read(held, PATTERN.transform, (pattern) => {
      if (com.integer(pattern, TRANSFORM, can) === 0) return false;
      com.call(pattern, TRANSFORM, act, ['double', 'double'], one, other);
      return true;
    });
    return done ?? false;
  }
}
