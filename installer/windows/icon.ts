/**
 * The icon of the agent in Windows' list of programs, drawn here: the same picture as the console's `favicon.svg`, by its
 * numbers. A file of Windows' own form (.ico) with 32 bits a pixel.
 */

const SIZES = [16, 24, 32, 48, 64];
/** The picture is 32 wide and high, as in the SVG. */
const UNIT = 32;
const [BACKGROUND, LIGHT] = [
  [0x0d, 0x6e, 0x66],
  [0xff, 0xff, 0xff],
] as const;
const CORNER = 7;
const HALF_STROKE = 1.7;
/** The arc's middle is this far left of its ends, which are at x 22, y 11.5 and 20.5. */
const RING = { x: 22 - Math.sqrt(64 - 4.5 ** 2), y: 16, radius: 8 };
const ENDS = [11.5, 20.5].map((y) => ({ x: 22, y }));
const DOT = { x: 22.5, y: 16, radius: 2.2 };
/** Looks along each side of a pixel, for soft edges. */
const LOOKS = 8;
const HEADER_BYTES = 6;
const ENTRY_BYTES = 16;
const BITMAP_HEADER_BYTES = 40;

/** The file: the same bytes each time. */
export function icon(): Buffer {
  const pictures = SIZES.map(pictureOf);
  const header = Buffer.alloc(HEADER_BYTES + ENTRY_BYTES * SIZES.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(SIZES.length, 4);
  let at = header.length;
  for (const [index, picture] of pictures.entries()) {
    const entry = HEADER_BYTES + ENTRY_BYTES * index;
    header.writeUInt8(SIZES[index]!, entry);
    header.writeUInt8(SIZES[index]!, entry + 1);
    header.writeUInt16LE(1, entry + 4);
    header.writeUInt16LE(32, entry + 6);
    header.writeUInt32LE(picture.length, entry + 8);
    header.writeUInt32LE(at, entry + 12);
    at += picture.length;
  }
  return Buffer.concat([header, ...pictures]);
}

/** Its pixels from the last row to the first, and a mask that hides nothing: what is clear says so itself. */
function pictureOf(size: number): Buffer {
  const header = Buffer.alloc(BITMAP_HEADER_BYTES);
  header.writeUInt32LE(BITMAP_HEADER_BYTES, 0);
  header.writeInt32LE(size, 4);
  header.writeInt32LE(size * 2, 8);
  header.writeUInt16LE(1, 12);
  header.writeUInt16LE(32, 14);
  const pixels = Buffer.alloc(size * size * 4);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) pixelOf(x, y, size).copy(pixels, ((size - 1 - y) * size + x) * 4);
  }
  return Buffer.concat([header, pixels, Buffer.alloc(Math.ceil(size / 32) * 4 * size)]);
}

/** Blue, green, red and how much of the pixel is covered. */
function pixelOf(x: number, y: number, size: number): Buffer {
  let [covered, light] = [0, 0];
  for (let look = 0; look < LOOKS * LOOKS; look += 1) {
    const at = (pixel: number, part: number) => ((pixel + (part + 0.5) / LOOKS) * UNIT) / size;
    const [px, py] = [at(x, look % LOOKS), at(y, Math.floor(look / LOOKS))];
    if (!isInside(px, py)) continue;
    covered += 1;
    if (isLight(px, py)) light += 1;
  }
  if (covered === 0) return Buffer.alloc(4);
  const mixed = BACKGROUND.map((dark, index) => Math.round(dark + ((LIGHT[index]! - dark) * light) / covered));
  return Buffer.from([...mixed.toReversed(), Math.round((covered * 255) / LOOKS ** 2)]);
}

function isInside(x: number, y: number): boolean {
  const [dx, dy] = [x, y].map((at) => Math.max(CORNER - at, at - (UNIT - CORNER), 0));
  return Math.hypot(dx!, dy!) <= CORNER;
}

function isLight(x: number, y: number): boolean {
  if (near(DOT, x, y) <= DOT.radius || ENDS.some((end) => near(end, x, y) <= HALF_STROKE)) return true;
  const isOpening = x > RING.x && Math.abs(y - RING.y) * (22 - RING.x) < 4.5 * (x - RING.x);
  return !isOpening && Math.abs(near(RING, x, y) - RING.radius) <= HALF_STROKE;
}

function near(middle: { readonly x: number; readonly y: number }, x: number, y: number): number {
  return Math.hypot(x - middle.x, y - middle.y);
}
