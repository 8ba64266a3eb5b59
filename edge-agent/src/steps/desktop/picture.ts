/** Pictures of the screen as PNG, with what must not be seen painted over before anything is written. */
import { crc32, deflateSync } from 'node:zlib';
import { snapshotOf, type Box, type DesktopElement, type Picture } from '../../desktop/index.ts';
import { type StepContext, StepFailure } from '../../engine/index.ts';
import type { DesktopSession } from './session.ts';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const [TRUE_COLOUR, BITS] = [2, 8];
/** Whatever a person could have filled. */
const FIELDS = new Set(['textbox', 'combobox', 'searchbox', 'spinbutton']);
/** Elements whose texts are read to find secrets in them. */
const MAX_TEXTS = 2_000;

/** Takes a picture, once what must be covered in it is known. */
export type Taking = () => Promise<Picture>;

/**
 * A picture, taken by `take`, with protected fields, fields with secrets and shown secrets painted over; every field, where
 * the agent's policy lets out only what was masked.
 *
 * @throws StepFailure PICTURE_NOT_MASKABLE where it cannot be told what to cover
 */
export async function maskedPicture(
  context: StepContext,
  session: DesktopSession,
  take: Taking,
  signal: AbortSignal,
): Promise<Picture> {
  const everyField = coversEveryField(context);
  const masks = await masksOf(session, everyField, signal);
  const picture = await take();
  // What moved meanwhile is covered where it was and where it is.
  if (everyField || !session.memory.isEmpty) masks.push(...(await masksOf(session, everyField, signal)));
  for (const mask of masks) paint(picture, { ...mask, x: mask.x - picture.x, y: mask.y - picture.y });
  return picture;
}

/** Of the whole screen; of one that others use too, of the window of the run that is in front, and nothing above it. */
export async function wholeScreen(session: DesktopSession): Promise<Taking> {
  const { driver, own } = session;
  const { screen, windows: shown, elements } = driver;
  if (own) return () => screen.capture(screen.area);
  const windows = await session.windows();
  const front = windows.find(({ active }) => active) ?? windows[0];
  const nothing: Box = { ...screen.area, width: 1, height: 1 };
  if (front === undefined) return () => screen.capture(nothing);
  return async () => (await shown.picture(front)) ?? screen.capture((await elements.bounds(front.element)) ?? nothing);
}

/** True when pictures of this run are masked in the sense of the agent's policy. */
export function coversEveryField({ policy }: Pick<StepContext, 'policy'>): boolean {
  return policy.evidence('screenshot') === 'masked';
}

/** The picture as a file (PNG, ISO 15948). */
export function toPng({ width, height, rgb }: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([BITS, TRUE_COLOUR, 0, 0, 0], 8);
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let row = 0; row < height; row += 1) {
    // Each row begins with its filter: none.
    rgb.copy(rows, row * (width * 3 + 1) + 1, row * width * 3, (row + 1) * width * 3);
  }
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([SIGNATURE, ...parts]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

async function masksOf(session: DesktopSession, everyField: boolean, signal: AbortSignal): Promise<Box[]> {
  const { driver, memory } = session;
  // Of other programs on a shared screen only what the run may see is known: the rest is not looked into.
  const windows = await session.windows();
  const nodes = await snapshotOf(driver.elements, windows, { hidden: false, signal });
  // What a window holds that accessibility does not show, or not now, cannot be told: it is covered whole.
  const isDark = session.own && (everyField || !memory.isEmpty);
  const masks: Box[] = isDark ? await driver.windows.others(windows) : [];
  let texts = 0;
  for (const { element } of nodes) {
    const isRead = !memory.isEmpty && element.roles[0] === 'textbox' && texts < MAX_TEXTS;
    if (isRead) texts += 1;
    const text = isRead ? await driver.elements.text(element) : null;
    const isField = everyField && (FIELDS.has(element.roles[0]) || element.states.has('editable'));
    if (!isField && !memory.covers(element, text)) continue;
    const box = await driver.elements.bounds(element);
    if (box === null && (await driver.elements.again(element)) !== null) throw cannotMask(element);
    if (box !== null) masks.push(box);
  }
  return masks;
}

function cannotMask({ roles, name }: DesktopElement): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 409,
    code: 'PICTURE_NOT_MASKABLE',
    title: 'What must be covered in the picture cannot be found in it',
    detail: `The application does not say where its ${roles[0]} ${JSON.stringify(name.slice(0, 200))} is: no picture is taken while that shows`,
    certain: true,
  });
}

/** Paints a rectangle, in the picture's own coordinates, grey. */
function paint({ width, height, rgb }: Picture, box: Box): void {
  const GREY = 0x80;
  const [left, right] = [Math.max(Math.floor(box.x), 0), Math.min(Math.ceil(box.x + box.width), width)];
  const [top, bottom] = [Math.max(Math.floor(box.y), 0), Math.min(Math.ceil(box.y + box.height), height)];
  if (left >= right) return;
  for (let row = top; row < bottom; row += 1) rgb.fill(GREY, (row * width + left) * 3, (row * width + right) * 3);
}
