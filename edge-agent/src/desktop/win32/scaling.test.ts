/** Scaled screens, on a double of Windows' functions: Wine paints no window of another program, and enlarges none. */
import { expect, test } from 'vitest';
import type { WindowsApi } from './api.ts';
import { drawsPixels, seePixels } from './scaling.ts';

const WINDOW = 7;
/** DPI_AWARENESS_CONTEXT_UNAWARE and _PER_MONITOR_AWARE_V2. */
const [UNAWARE, AWARE] = [-1, -4];

/** A window of 300 by 200 pixels on a screen at 150 %, in the eyes of a thread that sees pixels or not. */
function windowsDouble(own: number) {
  const threads: number[] = [AWARE];
  const api = {
    GetWindowDpiAwarenessContext: () => own,
    SetThreadDpiAwarenessContext: (context: number | bigint) => threads[threads.push(Number(context)) - 2]!,
    GetWindowRect: (_: number, box: Buffer) => {
      const scale = threads.at(-1) === UNAWARE ? 1.5 : 1;
      for (const [at, pixels] of [30, 60, 330, 260].entries()) box.writeInt32LE(pixels / scale, at * 4);
      return true;
    },
    SetProcessDpiAwarenessContext: null,
    SetProcessDpiAwareness: null,
  } satisfies Partial<WindowsApi>;
  return { api, now: () => threads.at(-1) };
}

test('a window that Windows enlarges does not draw the pixels that are seen', () => {
  const enlarged = windowsDouble(UNAWARE);
  expect(drawsPixels(enlarged.api, WINDOW)).toBe(false);
  expect(drawsPixels(windowsDouble(AWARE).api, WINDOW)).toBe(true);
  expect(enlarged.now()).toBe(AWARE);
});

test('where Windows does not say how a window is drawn, it is not taken for pixels', () => {
  expect(drawsPixels({ ...windowsDouble(AWARE).api, GetWindowDpiAwarenessContext: null }, WINDOW)).toBe(false);
});

test('a Windows without the newest way is asked by the older ones', () => {
  const asked: unknown[] = [];
  const told = (name: string, answer: number) => (how: number | bigint) => {
    asked.push([name, how]);
    return answer;
  };
  const none = { ...windowsDouble(AWARE).api, SetThreadDpiAwarenessContext: null };
  seePixels(none);
  seePixels({ ...none, SetProcessDpiAwareness: told('process', 0) });
  seePixels({ ...none, SetProcessDpiAwareness: told('process', -1), SetThreadDpiAwarenessContext: told('thread', 0) });
  expect(asked).toEqual([
    ['process', 2],
    ['process', 2],
    ['thread', -4],
    ['thread', -3],
  ]);
});
