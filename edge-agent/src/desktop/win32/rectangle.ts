/** Rectangles as Windows tells them (RECT): left, top, right, bottom, each a signed number of four bytes. */
import type { Box } from '../desktop-driver.ts';
import type { WindowsApi } from './api.ts';

/** Where all of a window is, in the eyes of this thread. */
export function boxOf(api: Pick<WindowsApi, 'GetWindowRect'>, handle: number): Box {
  const box = Buffer.alloc(16);
  api.GetWindowRect(handle, box);
  return rectangleAt(box, 0);
}

/** A RECT in memory. */
export function rectangleAt(memory: Buffer, offset: number): Box {
  const [left, top, right, bottom] = [0, 4, 8, 12].map((at) => memory.readInt32LE(offset + at)) as [
    number,
    number,
    number,
    number,
  ];
  return { x: left, y: top, width: right - left, height: bottom - top };
}
