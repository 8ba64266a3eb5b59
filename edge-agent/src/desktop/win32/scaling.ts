/**
 * Screens that are scaled. The host sees pixels on all of them; a program that knows nothing of scaling draws as for a screen
 * that is not, and Windows enlarges what it drew.
 */
import type { WindowsApi } from './api.ts';
import { boxOf } from './rectangle.ts';

/** DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2, and the one before it. */
const [PER_MONITOR_V2, PER_MONITOR] = [-4, -3];
/** PROCESS_PER_MONITOR_DPI_AWARE. */
const OF_PROCESS = 2;

type ScalingApi = Pick<
  WindowsApi,
  | 'SetProcessDpiAwarenessContext'
  | 'SetProcessDpiAwareness'
  | 'SetThreadDpiAwarenessContext'
  | 'GetWindowDpiAwarenessContext'
  | 'GetWindowRect'
>;

/** Places are pixels from now on, on every screen. */
export function seePixels(api: ScalingApi): void {
  // Of the process, since UI Automation works on threads of its own too; where its program has said so already, of this thread.
  if (api.SetProcessDpiAwarenessContext?.(PER_MONITOR_V2) === true) return;
  if (api.SetProcessDpiAwareness?.(OF_PROCESS) === 0) return;
  const set = api.SetThreadDpiAwarenessContext;
  if (set !== null && Number(set(PER_MONITOR_V2)) === 0) set(PER_MONITOR);
}

/**
 * Whether a window draws the pixels that the screen shows: it has the size in its own eyes that it has in ours. False where
 * this Windows does not say.
 */
export function drawsPixels(api: ScalingApi, window: number): boolean {
  if (api.GetWindowDpiAwarenessContext === null || api.SetThreadDpiAwarenessContext === null) return false;
  const seen = boxOf(api, window);
  const before = api.SetThreadDpiAwarenessContext(api.GetWindowDpiAwarenessContext(window));
  if (Number(before) === 0) return false;
  try {
    const drawn = boxOf(api, window);
    return drawn.width === seen.width && drawn.height === seen.height;
  } finally {
    api.SetThreadDpiAwarenessContext(before);
  }
}
