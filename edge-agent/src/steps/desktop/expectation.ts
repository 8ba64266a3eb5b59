/** Waiting for the desktop to become what the document expects after a step. */
import type { DesktopExpectation, WindowState } from '@casare/shared/workflow';
import type { DesktopWindow } from '../../desktop/index.ts';
import { StepFailure } from '../../engine/index.ts';
import { untilAborted } from '../within.ts';
import { changeCount, locateShown, seenWindow, untilChanged } from './locate.ts';
import type { DesktopScope } from './step.ts';

/**
 * Waits until all given conditions have held, then says which window is in front. `visible` is met by any match that
 * shows, `gone` when no match does.
 *
 * @throws StepFailure EXPECTATION_NOT_MET (408)
 */
export async function meet(scope: DesktopScope, expected: DesktopExpectation | undefined): Promise<WindowState> {
  const { visible, gone } = expected ?? {};
  if (visible !== undefined) await until(scope, visible, (matches) => matches > 0, `${visible} to be visible`);
  if (gone !== undefined) await until(scope, gone, (matches) => matches === 0, `${gone} to be gone`);
  return windowState(scope);
}

/** The window that has the focus; the first one where none has, empty where there is none. */
export async function windowState(scope: DesktopScope): Promise<WindowState> {
  const windows = await scope.session.windows();
  const front = windows.find(({ active }) => active) ?? windows[0];
  if (front === undefined) return { window: '', application: '' };
  return stateOf(front, scope);
}

/** A window as steps answer it; it is noted for the record too. */
export function stateOf(window: DesktopWindow, scope: DesktopScope): WindowState {
  const seen = seenWindow(window);
  scope.context.see({ window: seen });
  return { window: seen.title, application: seen.application };
}

async function until(
  scope: DesktopScope,
  target: string,
  holds: (matches: number) => boolean,
  condition: string,
): Promise<void> {
  for (;;) {
    const before = changeCount(scope);
    const matches = await untilAborted(scope.signal, locateShown(scope, target)).catch((error: unknown) => {
      if (scope.context.signal.aborted || !scope.signal.aborted) throw error;
      return null;
    });
    if (matches !== null && holds(matches.length)) return;
    if (scope.signal.aborted) throw await notMet(scope, condition);
    await untilChanged(scope, before);
  }
}

async function notMet(scope: DesktopScope, condition: string): Promise<StepFailure> {
  const windows = await untilAborted(scope.explaining, scope.session.windows()).catch(() => []);
  const titles = windows.map(({ title }) => JSON.stringify(title.slice(0, 100))).slice(0, 10);
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'EXPECTATION_NOT_MET',
    title: 'The desktop did not become what was expected',
    detail: `Waited for ${condition}; open windows: ${titles.join(', ') || 'none'}`,
    certain: true,
  });
}
