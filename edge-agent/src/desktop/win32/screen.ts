/** Pictures of the screen by GDI. */
import { within } from '../area.ts';
import type { Box, Picture } from '../desktop-driver.ts';
import { DesktopError } from '../desktop-error.ts';
import type { WindowsApi } from './api.ts';
import { drawsPixels } from './scaling.ts';

const METRIC = { left: 76, top: 77, width: 78, height: 79 } as const;
const COPY = 0x00cc0020;
/** Also windows that are painted as layers. */
const CAPTURE_LAYERS = 0x40000000;
/** PW_RENDERFULLCONTENT. */
const FULL_CONTENT = 2;
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
  const place = within(box, virtualScreen(api));
  const picture = painted(api, place, (memory, screen) =>
    api.BitBlt(memory, 0, 0, place.width, place.height, screen, place.x, place.y, COPY | CAPTURE_LAYERS),
  );
  if (picture !== null) return picture;
  throw new DesktopError(
    'DESKTOP_GONE',
    'Windows gives no picture of the screen: the session is locked or disconnected',
  );
}

/**
 * A window as it paints itself, whatever lies above it; null where it paints nothing, or where Windows enlarges what it
 * paints: places in that would not be those of its elements, by which secrets are covered. Of a window that is drawn by the
 * graphics card too (PW_RENDERFULLCONTENT, from Windows 8.1 on). `place` is all of the window, also what lies off the screens.
 */
export function pictureOfWindow(api: WindowsApi, window: number, place: Box): Picture | null {
  if (!drawsPixels(api, window)) return null;
  const picture = painted(api, place, (memory) => api.PrintWindow(window, memory, FULL_CONTENT));
  return picture === null || isPlain(picture.rgb) ? null : picture;
}

/** What `paint` puts into a bitmap of the size of a place; null when it says that it did not. */
function painted(
  api: WindowsApi,
  { x, y, width, height }: Box,
  paint: (memory: number, screen: number) => boolean,
): Picture | null {
  const screen = api.GetDC(0);
  const memory = api.CreateCompatibleDC(screen);
  const bitmap = api.CreateCompatibleBitmap(screen, width, height);
  const before = api.SelectObject(memory, bitmap);
  try {
    const isPainted = paint(memory, screen);
    api.SelectObject(memory, before);
    const bits = Buffer.alloc(width * height * 4);
    api.GetDIBits(memory, bitmap, 0, height, bits, bitmapHeader(width, height), 0);
    return isPainted ? { x, y, width, height, rgb: rgbOf(bits) } : null;
  } finally {
    api.DeleteObject(bitmap);
    api.DeleteDC(memory);
    api.ReleaseDC(0, screen);
  }
}

/** One colour from edge to edge: whatever a window shows, it is not that. */
function isPlain(rgb: Buffer): boolean {
  return rgb.every((byte, index) => byte === rgb[index % 3]);
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
