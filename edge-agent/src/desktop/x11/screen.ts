/** Pictures of the screen. */
import type x11 from 'x11';
import type { Box, Picture, ScreenDriver } from '../desktop-driver.ts';
import type { XConnection } from './connection.ts';

const Z_PIXMAP = 2;
const ALL_PLANES = 0xffff_ffff;

export class XScreen implements ScreenDriver {
  readonly #connection: XConnection;

  constructor(connection: XConnection) {
    this.#connection = connection;
  }

  get width(): number {
    return this.#connection.size.width;
  }

  get height(): number {
    return this.#connection.size.height;
  }

  async capture(box: Box): Promise<Picture> {
    const { x, y, width, height } = within(box, this.#connection.size);
    const image = await this.#connection.ask<x11.Image>((client, done) =>
      client.GetImage(Z_PIXMAP, this.#connection.root, x, y, width, height, ALL_PLANES, done),
    );
    // Depth 24 has four bytes a pixel: blue, green, red, nothing.
    const rgb = Buffer.alloc(width * height * 3);
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      rgb[pixel * 3] = image.data[pixel * 4 + 2] ?? 0;
      rgb[pixel * 3 + 1] = image.data[pixel * 4 + 1] ?? 0;
      rgb[pixel * 3 + 2] = image.data[pixel * 4] ?? 0;
    }
    return { width, height, rgb };
  }
}

/** The part of a box that lies on the screen, at least one pixel. */
function within(box: Box, size: { readonly width: number; readonly height: number }): Box {
  const left = Math.min(Math.max(Math.round(box.x), 0), size.width - 1);
  const top = Math.min(Math.max(Math.round(box.y), 0), size.height - 1);
  const right = Math.min(Math.max(Math.round(box.x + box.width), left + 1), size.width);
  const bottom = Math.min(Math.max(Math.round(box.y + box.height), top + 1), size.height);
  return { x: left, y: top, width: right - left, height: bottom - top };
}
