/** Pictures of the screen by GDI. */
import type { Box, Picture } from '../desktop-driver.ts';
import type { WindowsApi } from './api.ts';

const METRIC = { left: 76, top: 77, width: 78, height: 79 } as const;
const COPY = 0x00cc0020;
/** Also windows that are painted as layers. */
const CAPTURE_LAYERS = 0x40000000;
const HEADER_SIZE = 40;

/** All screens together, in the coordinates of elements and pointer. */
export function virtualScreen(api: WindowsApi): Box {
  return {
    x: api.GetSystemMetrics(METRIC.left),
    y: api.GetSystemMetrics(METRIC.top),
    width: api.GetSystemMetrics(METRIC.width),
    height: api.GetSystemMetrics(METRIC.height),
  };
}

/** The part of the screens inside a box, at least one pixel. */
export function capture(api: WindowsApi, box: Box): Picture {
  const { x, y, width, height } = within(box, virtualScreen(api));
  const screen = api.GetDC(0);
  const memory = api.CreateCompatibleDC(screen);
  const bitmap = api.CreateCompatibleBitmap(screen, width, height);
  const before = api.SelectObject(memory, bitmap);
  try {
    api.BitBlt(memory, 0, 0, width, height, screen, x, y, COPY | CAPTURE_LAYERS);
    api.SelectObject(memory, before);
    const bits = Buffer.alloc(width * height * 4);
    api.GetDIBits(memory, bitmap, 0, height, bits, bitmapHeader(width, height), 0);
    return { width, height, rgb: rgbOf(bits) };
  } finally {
    api.DeleteObject(bitmap);
    api.DeleteDC(memory);
    api.ReleaseDC(0, screen);
  }
}

/** BITMAPINFOHEADER of 32 bits a pixel; a negative height means rows from the top. */
export function bitmapHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt32LE(HEADER_SIZE, 0);
  header.writeInt32LE(width, 4);
  header.writeInt32LE(-height, 8);
  header.writeUInt16LE(1, 12);
  header.writeUInt16LE(32, 14);
  return header;
}

/** Blue, green, red, nothing becomes red, green, blue. */
export function rgbOf(bits: Buffer): Buffer {
  const rgb = Buffer.alloc((bits.length / 4) * 3);
  for (let from = 0, to = 0; from < bits.length; from += 4, to += 3) {
    rgb[to] = bits[from + 2]!;
    rgb[to + 1] = bits[from + 1]!;
    rgb[to + 2] = bits[from]!;
  }
  return rgb;
}

/** The part of a box that lies on the screens. */
export function within(box: Box, screen: Box): Box {
  const [mostRight, mostDown] = [screen.x + screen.width, screen.y + screen.height];
  const left = Math.min(Math.max(Math.round(box.x), screen.x), mostRight - 1);
  const top = Math.min(Math.max(Math.round(box.y), screen.y), mostDown - 1);
  const right = Math.min(Math.max(Math.round(box.x + box.width), left + 1), mostRight);
  const bottom = Math.min(Math.max(Math.round(box.y + box.height), top + 1), mostDown);
  return { x: left, y: top, width: right - left, height: bottom - top };
}
