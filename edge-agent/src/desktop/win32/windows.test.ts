/** What covers a window, on a double of Windows' functions: Wine cloaks none, and has one screen here. */
import { expect, test } from 'vitest';
import type { Box } from '../desktop-driver.ts';
import type { WindowsApi } from './api.ts';
import type { WindowsInput } from './input.ts';
import { TopWindows } from './windows.ts';

interface WindowDouble {
  readonly place: Box;
  readonly className?: string;
  readonly cloaked?: boolean;
  readonly maximized?: boolean;
}

const SCREEN: Box = { x: 0, y: 0, width: 1000, height: 800 };
const [INSIDE, ELSEWHERE] = [
  { x: 100, y: 100, width: 300, height: 200 },
  { x: 700, y: 500, width: 100, height: 100 },
];

/** Windows from the front, each of a program of its own, numbered from 1. */
function windowsDouble(all: readonly WindowDouble[]): TopWindows {
  const at = (handle: number): WindowDouble => all[handle - 1]!;
  const api = {
    EnumWindows: (each) => all.every((_, index) => each(index + 1)),
    IsWindowVisible: () => true,
    IsIconic: () => false,
    IsZoomed: (handle) => at(handle).maximized === true,
    GetWindowThreadProcessId: (handle, process) => process.writeUInt32LE(handle),
    GetWindowTextW: () => 0,
    GetClassNameW: (handle, text) => text.write(at(handle).className ?? 'Form', 'utf16le') / 2,
    GetWindowRect: (handle, box) => writeBox(box, 0, at(handle).place),
    DwmGetWindowAttribute: (handle, _, value) => value.writeUInt32LE(at(handle).cloaked === true ? 2 : 0) - 4,
    MonitorFromWindow: () => 1,
    GetMonitorInfoW: (_, info) => writeBox(info, 4, SCREEN),
  } satisfies Partial<WindowsApi>;
  return new TopWindows(api as unknown as WindowsApi, {} as WindowsInput);
}

test.each<[string, WindowDouble[], boolean]>([
  ['nothing', [], true],
  ['a window', [{ place: INSIDE }], false],
  ['a window elsewhere', [{ place: ELSEWHERE }], true],
  ['a window that is cloaked', [{ place: SCREEN, cloaked: true }], true],
  ['the task bar', [{ place: SCREEN, className: 'Shell_TrayWnd' }], true],
])('above a window lies %s: seen whole is %s', (_, above, isSeen) => {
  const windows = windowsDouble([...above, { place: INSIDE }]);
  expect(windows.isSeenWhole(above.length + 1, INSIDE, SCREEN)).toBe(isSeen);
});

test('of a maximized window the frame outside of its screen does not count', () => {
  const place = { x: -8, y: -8, width: 1016, height: 816 };
  const windows = windowsDouble([{ place, maximized: true }, { place }]);
  expect([windows.bounds(1), windows.frame(1)]).toEqual([SCREEN, place]);
  expect(windows.isSeenWhole(1, windows.bounds(1)!, SCREEN)).toBe(true);
  expect(windows.bounds(2)).toEqual(place);
});

test('what is cloaked lies nowhere', () => {
  expect(
    windowsDouble([{ place: SCREEN, cloaked: true }, { place: INSIDE }, { place: ELSEWHERE }]).others([3]),
  ).toEqual([INSIDE]);
});

function writeBox(memory: Buffer, from: number, { x, y, width, height }: Box): boolean {
  for (const [index, edge] of [x, y, x + width, y + height].entries()) memory.writeInt32LE(edge, from + index * 4);
  return true;
}
