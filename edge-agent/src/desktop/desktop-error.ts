/** Why something on the desktop could not be done: one line for a person and a stable code for programs. */

/**
 * - `DESKTOP_PROGRAM_MISSING`: a program that a virtual display needs is not installed.
 * - `DESKTOP_NOT_STARTED`: the display, its window manager or its bus did not come up.
 * - `DESKTOP_NO_DISPLAY`: the agent is told to use its own display and has none.
 * - `DESKTOP_GONE`: the display or the accessibility bus ended.
 * - `DESKTOP_SETTING_INVALID`: CASARE_DESKTOP says what it cannot.
 * - `APPLICATION_NOT_ANSWERING`: an application does not answer the accessibility bus in time.
 * - `ELEMENT_GONE`: an element ended while it was used.
 * - `DESKTOP_TREE_TOO_LARGE`: more elements than are looked through.
 * - `CLIPBOARD_UNREADABLE`: the clipboard holds no text, too much, or its owner does not answer.
 */
export type DesktopErrorCode =
  | 'DESKTOP_PROGRAM_MISSING'
  | 'DESKTOP_NOT_STARTED'
  | 'DESKTOP_NO_DISPLAY'
  | 'DESKTOP_GONE'
  | 'DESKTOP_SETTING_INVALID'
  | 'APPLICATION_NOT_ANSWERING'
  | 'ELEMENT_GONE'
  | 'DESKTOP_TREE_TOO_LARGE'
  | 'CLIPBOARD_UNREADABLE';

/** The message says what happened, why, and what to do. */
export class DesktopError extends Error {
  override readonly name = 'DesktopError';
  readonly code: DesktopErrorCode;

  constructor(code: DesktopErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
