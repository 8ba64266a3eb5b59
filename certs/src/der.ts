/**
 * A strict, bounded DER reader (X.690 section 10), used before and instead of tolerant parsers on everything a peer
 * sends: one element, definite minimal lengths, no bytes left over, bounded size, depth, count and OID length. It
 * never throws, and what it accepts has one reading, so OpenSSL and we cannot understand the same bytes differently.
 */
import { accept, refuse, type Result } from './result.ts';

/** One element. `children` is empty for primitive types. */
export interface DerNode {
  /** The identifier octet: class, constructed bit and tag number. */
  tag: number;
  /** Header and content, as they stood in the input. */
  raw: Uint8Array;
  content: Uint8Array;
  children: readonly DerNode[];
}

/** The DER tags this package asks for by name. */
export const TAG = {
  integer: 0x02,
  bitString: 0x03,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

const MAX_DEPTH = 16;
const MAX_NODES = 1_000;
const MAX_OID_BYTES = 64;
const CONSTRUCTED = 0x20;

export type DerCode = 'DER_MALFORMED' | 'DER_TOO_LARGE';

/** Reads exactly one DER element of at most `maxBytes` bytes. */
export function readDer(bytes: Uint8Array, maxBytes: number): Result<DerNode, DerCode> {
  if (bytes.length > maxBytes) return refuse('DER_TOO_LARGE', `${bytes.length} bytes of DER, at most ${maxBytes}`);
  const budget = { nodes: MAX_NODES };
  const node = readNode(bytes, 0, budget);
  if (node === null) return refuse('DER_MALFORMED', 'not DER, or nested too deep');
  if (node.raw.length !== bytes.length) return refuse('DER_MALFORMED', 'bytes after the end of the DER element');
  return accept(node);
}

/** The element at the start of `bytes`, or null when it is not strict DER or a bound is met. */
function readNode(bytes: Uint8Array, depth: number, budget: { nodes: number }): DerNode | null {
  if (depth > MAX_DEPTH || budget.nodes-- <= 0) return null;
  const tag = bytes[0];
  if (tag === undefined || tag === 0 || (tag & 0x1f) === 0x1f) return null;
  const header = readLength(bytes);
  if (header === null) return null;
  const end = header.start + header.length;
  if (end > bytes.length) return null;
  const content = bytes.subarray(header.start, end);
  if (tag === TAG.oid && (content.length === 0 || content.length > MAX_OID_BYTES)) return null;
  const children = (tag & CONSTRUCTED) === 0 ? [] : readChildren(content, depth + 1, budget);
  if (children === null) return null;
  return { tag, raw: bytes.subarray(0, end), content, children };
}

function readChildren(content: Uint8Array, depth: number, budget: { nodes: number }): DerNode[] | null {
  const children: DerNode[] = [];
  let offset = 0;
  while (offset < content.length) {
    const child = readNode(content.subarray(offset), depth, budget);
    if (child === null) return null;
    children.push(child);
    offset += child.raw.length;
  }
  return children;
}

/** The length octets after the tag: definite and as short as possible, at most 3 octets long. */
function readLength(bytes: Uint8Array): { start: number; length: number } | null {
  const first = bytes[1];
  if (first === undefined) return null;
  if (first < 0x80) return { start: 2, length: first };
  const count = first & 0x7f;
  if (count === 0 || count > 3) return null;
  let length = 0;
  for (const octet of bytes.subarray(2, 2 + count)) length = length * 256 + octet;
  const minimal = count === 1 ? 0x80 : 256 ** (count - 1);
  if (bytes.length < 2 + count || length < minimal) return null;
  return { start: 2 + count, length };
}
