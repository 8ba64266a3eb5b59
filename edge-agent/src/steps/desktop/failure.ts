/** Turns what a desktop throws into a `StepFailure`: one line that says what happened and what to do. */
import { DesktopError } from '../../desktop/index.ts';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { asItIs, stopped, timedOut } from '../step-failure.ts';

const TITLES: Partial<Record<DesktopError['code'], string>> = {
  DESKTOP_PROGRAM_MISSING: 'This machine lacks a program that desktop jobs need',
  DESKTOP_NOT_STARTED: 'No desktop could be started',
  DESKTOP_NO_DISPLAY: 'There is no display to work on',
  DESKTOP_GONE: 'The desktop ended during the step',
  DESKTOP_SETTING_INVALID: "The agent's desktop setting is not valid",
  APPLICATION_NOT_ANSWERING: 'The application does not answer',
  ELEMENT_GONE: 'The element ended while it was used',
  DESKTOP_TREE_TOO_LARGE: 'There are too many elements to look through',
  CLIPBOARD_UNREADABLE: 'The clipboard cannot be used',
};

/** `certain` applies to what is not yet a failure, and overrules a failure raised after the step had acted. */
export function failureOf(error: unknown, context: StepContext, certain: boolean): StepFailure {
  if (error instanceof StepFailure) return asItIs(error, certain);
  if (context.signal.aborted) return stopped(certain);
  if (error instanceof DesktopError) {
    return new StepFailure({
      type: 'runtime',
      ...(error.code.startsWith('DESKTOP_') ? { status: 503 } : {}),
      code: error.code,
      title: TITLES[error.code] ?? 'The desktop could not carry out the step',
      detail: error.message,
      certain,
    });
  }
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) {
    return timedOut(context, certain);
  }
  return new StepFailure({
    type: 'runtime',
    code: 'DESKTOP_STEP_FAILED',
    title: 'The desktop could not carry out the step',
    detail: (error instanceof Error ? error.message : String(error)).slice(0, 1_000),
    certain,
  });
}
