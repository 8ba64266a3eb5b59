/**
 * Text as bytes. A byte order mark says how a file is stored, whatever was expected. Nothing is guessed or replaced:
 * bytes that are no text in the encoding, and characters that it cannot store, are errors.
 */
import type { Encoding } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';

const MARKS: readonly (readonly [Encoding, readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** The bytes that say how a text is stored; none for encodings that have no mark. */
export function byteOrderMark(encoding: Encoding): Buffer {
  return Buffer.from(MARKS.find(([name]) => name === encoding)?.[1] ?? []);
}

/**
 * The text of bytes that come in pieces, the mark left out.
 * @throws StepFailure TEXT_ENCODING
 */
export async function* decode(pieces: AsyncIterable<Buffer>, encoding: Encoding = 'utf-8'): AsyncGenerator<string> {
  let decoder: Decoder | undefined;
  for await (const piece of pieces) {
    const marked = decoder === undefined ? markOf(piece) : undefined;
    decoder ??= decoderOf(marked ?? encoding);
    const text = decoder(marked === undefined ? piece : piece.subarray(byteOrderMark(marked).length), false);
    if (text !== '') yield text;
  }
  const rest = decoder?.(Buffer.alloc(0), true) ?? '';
  if (rest !== '') yield rest;
}

/**
 * The bytes of a text.
 * @throws StepFailure TEXT_NOT_ENCODABLE
 */
export function encode(text: string, encoding: Encoding = 'utf-8'): Buffer {
  switch (encoding) {
    case 'utf-8':
      return Buffer.from(text, 'utf8');
    case 'utf-16le':
      return Buffer.from(text, 'utf16le');
    case 'utf-16be':
      return Buffer.from(text, 'utf16le').swap16();
    case 'iso-8859-1':
    case 'windows-1252':
      return Buffer.from(Array.from(text, (character) => byteOf(character, encoding)));
  }
}

type Decoder = (piece: Buffer, last: boolean) => string;

function markOf(piece: Buffer): Encoding | undefined {
  return MARKS.find(([, bytes]) => bytes.every((byte, index) => piece[index] === byte))?.[0];
}

function decoderOf(encoding: Encoding): Decoder {
  // To WHATWG's decoder, iso-8859-1 is another name of windows-1252.
  if (encoding === 'iso-8859-1') return (piece) => piece.toString('latin1');
  if (encoding === 'windows-1252') return (piece) => Array.from(piece, (byte) => WINDOWS[byte] ?? '').join('');
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (piece, last) => {
    try {
      return decoder.decode(piece, { stream: !last });
    } catch {
      throw new StepFailure({
        type: 'validation',
        code: 'TEXT_ENCODING',
        title: 'The file is not stored as expected',
        detail: `Its bytes are no text in ${encoding}: say by \`encoding\` how it is stored, such as windows-1252.`,
        certain: true,
      });
    }
  };
}

/** The characters of windows-1252 at 0x80 to 0x9f; the rest is that of iso-8859-1. Unused places keep their control. */
const MIDDLE = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
const WINDOWS = Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 && byte <= 0x9f ? (MIDDLE[byte - 0x80] ?? '') : String.fromCharCode(byte),
);
const WINDOWS_BYTES = new Map(WINDOWS.map((character, byte) => [character, byte]));

function byteOf(character: string, encoding: 'iso-8859-1' | 'windows-1252'): number {
  const code = character.codePointAt(0) ?? 0;
  const byte = encoding === 'windows-1252' ? WINDOWS_BYTES.get(character) : code <= 0xff ? code : undefined;
  if (byte !== undefined) return byte;
  throw new StepFailure({
    type: 'validation',
    code: 'TEXT_NOT_ENCODABLE',
    title: 'A character cannot be stored in this encoding',
    detail: `${encoding} has no U+${code.toString(16).toUpperCase().padStart(4, '0')}: use utf-8, or replace the character first.`,
    certain: true,
  });
}
