/** Why no browser could be found or started: one line for a person and a stable code for programs. */

/**
 * - `BROWSER_PATH_INVALID`: CASARE_BROWSER names something that cannot be executed.
 * - `BROWSER_FOLDER_UNSAFE`: the folder for the carried browser is not private to this account.
 * - `BROWSER_UNPACK_FAILED`: the carried browser could not be unpacked (disk full, damaged package).
 * - `BROWSER_NOT_STARTED`: browsers were found, none of them starts.
 * - `BROWSER_NOT_FOUND`: there is none on this machine.
 * - `PROFILE_BUSY`: another run has the kept profile.
 * - `PROFILES_FULL`: the agent keeps too many profiles.
 * - `PROFILE_TOO_LARGE`: what a session left is too much to be kept.
 * - `PROFILE_UNREADABLE`: what is kept was not written by a session.
 */
export type BrowserErrorCode =
  | 'BROWSER_PATH_INVALID'
  | 'BROWSER_FOLDER_UNSAFE'
  | 'BROWSER_UNPACK_FAILED'
  | 'BROWSER_NOT_STARTED'
  | 'BROWSER_NOT_FOUND'
  | 'PROFILE_BUSY'
  | 'PROFILES_FULL'
  | 'PROFILE_TOO_LARGE'
  | 'PROFILE_UNREADABLE';

/** The message says what happened, why, and what to do. */
export class BrowserError extends Error {
  readonly code: BrowserErrorCode;

  constructor(code: BrowserErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BrowserError';
    this.code = code;
  }
}
