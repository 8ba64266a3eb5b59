/**
 * Reading text in pictures with Tesseract, in a thread of its own that is ended with the step. Nothing is fetched: core and
 * language data are in the packages.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createWorker, OEM } from 'tesseract.js';
import type { Picture } from './desktop-driver.ts';

/** Screens draw letters smaller than Tesseract was taught: pictures are enlarged, up to so many pixels. */
const SCALE = 3;
const MAX_PIXELS = 12_000_000;

/** A line of text and where it is in the picture, pixels. */
export interface TextLine {
  readonly text: string;
  /** From 0 to 100. */
  readonly confidence: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The lines of a picture, from the top. Rejects with the signal's reason. */
export async function recognise(
  picture: Picture,
  toPng: (picture: Picture) => Buffer,
  signal: AbortSignal,
): Promise<TextLine[]> {
  const scale = picture.width * picture.height * SCALE * SCALE <= MAX_PIXELS ? SCALE : 1;
  const data = dirname(createRequire(import.meta.url).resolve('@tesseract.js-data/eng/package.json'));
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const worker = await createWorker('eng', OEM.LSTM_ONLY, {
    langPath: join(data, '4.0.0_best_int'),
    cacheMethod: 'none',
    errorHandler: (error: unknown) => failed.reject(new Error(`Tesseract: ${String(error)}`)),
  });
  const stop = (): void => failed.reject(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    const image = toPng(enlarged(picture, scale));
    const reading = worker.recognize(image, {}, { text: false, blocks: true });
    const { data: page } = await Promise.race([reading, failed.promise]);
    const lines = (page.blocks ?? []).flatMap(({ paragraphs }) => paragraphs.flatMap((paragraph) => paragraph.lines));
    return lines.map(({ text, confidence, bbox }) => ({
      text: text.trim(),
      confidence,
      x: Math.round(bbox.x0 / scale),
      y: Math.round(bbox.y0 / scale),
      width: Math.round((bbox.x1 - bbox.x0) / scale),
      height: Math.round((bbox.y1 - bbox.y0) / scale),
    }));
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

/** The picture so many times as large, its pixels blended: hard edges look like strokes. */
function enlarged(picture: Picture, scale: number): Picture {
  if (scale === 1) return picture;
  const { x: left, y: top, width, height, rgb } = picture;
  const [wide, high] = [width * scale, height * scale];
  const large = Buffer.alloc(wide * high * 3);
  const at = (x: number, y: number, channel: number): number =>
    rgb[(Math.min(y, height - 1) * width + Math.min(x, width - 1)) * 3 + channel] ?? 0;
  for (let y = 0; y < high; y += 1) {
    const [row, down] = [Math.floor(y / scale), (y % scale) / scale];
    for (let x = 0; x < wide; x += 1) {
      const [column, along] = [Math.floor(x / scale), (x % scale) / scale];
      for (let channel = 0; channel < 3; channel += 1) {
        const upper = at(column, row, channel) * (1 - along) + at(column + 1, row, channel) * along;
        const lower = at(column, row + 1, channel) * (1 - along) + at(column + 1, row + 1, channel) * along;
        large[(y * wide + x) * 3 + channel] = upper * (1 - down) + lower * down;
      }
    }
  }
  return { x: left, y: top, width: wide, height: high, rgb: large };
}
