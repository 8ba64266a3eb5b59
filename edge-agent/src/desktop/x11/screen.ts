/** Pictures of the screen. */
import type x11 from 'x11';
import { within } from '../area.ts';
import type { Box, Picture, ScreenDriver } from '../desktop-driver.ts';
import type { XConnection } from './connection.ts';

const Z_PIXMAP = 2;
const ALL_PLANES = 0xffff_ffff;

export class XScreen implements ScreenDriver {
  readonly #connection: XConnection;

  constructor(connection: XConnection) {
    this.#connection = connection;
  }

  get area(): Box {
    return { x: 0, y: 0, ...this.#connection.size };
  }

  async capture(box: Box): Promise<Picture> {
    const { x, y, width, height } = within(box, this.area);
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
    return { x, y, width, height, rgb };
  }
}
