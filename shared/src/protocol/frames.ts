/**
 * Binary frames: one artifact chunk each. Header, big-endian: version (1 byte, 1), kind (1 byte, 1 = artifact chunk),
 * reserved (2 bytes, 0), stream (4 bytes), offset of the first payload byte in the file (8 bytes).
 */
import { CHUNK_BYTES } from './limits.ts';

const HEADER = 16;

/** One artifact chunk. */
export interface Chunk {
  readonly stream: number;
  /** Offset of the payload in the file, bytes. */
  readonly offset: number;
  readonly payload: Uint8Array;
}

/** Writes a chunk as a binary frame. Throws a RangeError for a payload above `CHUNK_BYTES`. */
export function encodeChunk(chunk: Chunk): Uint8Array {
  if (chunk.payload.byteLength > CHUNK_BYTES) throw new RangeError(`chunk of ${chunk.payload.byteLength} bytes`);
  const frame = new Uint8Array(HEADER + chunk.payload.byteLength);
  const view = new DataView(frame.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, 1);
  view.setUint32(4, chunk.stream);
  view.setBigUint64(8, BigInt(chunk.offset));
  frame.set(chunk.payload, HEADER);
  return frame;
}

/** Reads a binary frame; `null` for anything that is not a well-formed chunk. The payload is a view, not a copy. */
export function decodeChunk(frame: Uint8Array): Chunk | null {
  if (frame.byteLength < HEADER || frame.byteLength > HEADER + CHUNK_BYTES) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint8(0) !== 1 || view.getUint8(1) !== 1 || view.getUint16(2) !== 0) return null;
  const offset = view.getBigUint64(8);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return { stream: view.getUint32(4), offset: Number(offset), payload: frame.subarray(HEADER) };
}
