/**
 * VARIANT, the value of a property, as it lies in memory of 64-bit Windows: a type of two bytes, six that mean nothing,
 * sixteen with the value. Pure: what it points to is read by whoever calls.
 */

/** Bytes of a VARIANT. */
export const VARIANT_SIZE = 24;

/** Types that UI Automation and MSAA answer with (`wtypes.h`). */
export const VT = {
  empty: 0,
  null: 1,
  i2: 2,
  i4: 3,
  r4: 4,
  r8: 5,
  bstr: 8,
  dispatch: 9,
  bool: 11,
  unknown: 13,
  ui4: 19,
  i8: 20,
} as const;
const ARRAY = 0x2000;

/** `text`, `array` and `object` are pointers to what the VARIANT owns until it is cleared. */
export type VariantValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'text'; readonly at: bigint }
  | { readonly kind: 'object'; readonly at: bigint }
  | { readonly kind: 'array'; readonly at: bigint };

/** What the bytes of a VARIANT say. Types that nobody asked for are nothing. */
export function readVariant(bytes: Buffer): VariantValue {
  const type = bytes.readUInt16LE(0);
  if ((type & ARRAY) !== 0) return pointer('array', bytes);
  switch (type) {
    case VT.i2:
      return { kind: 'number', value: bytes.readInt16LE(8) };
    case VT.i4:
      return { kind: 'number', value: bytes.readInt32LE(8) };
    case VT.ui4:
      return { kind: 'number', value: bytes.readUInt32LE(8) };
    case VT.i8:
      return { kind: 'number', value: Number(bytes.readBigInt64LE(8)) };
    case VT.r4:
      return { kind: 'number', value: bytes.readFloatLE(8) };
    case VT.r8:
      return { kind: 'number', value: bytes.readDoubleLE(8) };
    case VT.bool:
      return { kind: 'boolean', value: bytes.readInt16LE(8) !== 0 };
    case VT.bstr:
      return pointer('text', bytes);
    case VT.dispatch:
    case VT.unknown:
      return pointer('object', bytes);
    default:
      return { kind: 'none' };
  }
}

/** A VARIANT as koffi passes a struct: the type, and the value in two halves. */
export interface VariantFields {
  readonly vt: number;
  readonly r1: number;
  readonly r2: number;
  readonly r3: number;
  readonly v: bigint;
  readonly v2: bigint;
}

/** koffi's declaration of the same. */
export const VARIANT_STRUCT = {
  vt: 'uint16',
  r1: 'uint16',
  r2: 'uint16',
  r3: 'uint16',
  v: 'uint64',
  v2: 'uint64',
} as const;

/** A whole number (VT_I4). */
export function numberVariant(value: number): VariantFields {
  return fields(VT.i4, BigInt.asUintN(32, BigInt(value)));
}

/** VARIANT_TRUE is -1 in 16 bits. */
export function booleanVariant(value: boolean): VariantFields {
  return fields(VT.bool, value ? 0xffffn : 0n);
}

/** A text that lies at an address and stays its owner's. */
export function textVariant(at: bigint): VariantFields {
  return fields(VT.bstr, at);
}

function fields(vt: number, v: bigint): VariantFields {
  return { vt, r1: 0, r2: 0, r3: 0, v, v2: 0n };
}

function pointer(kind: 'text' | 'object' | 'array', bytes: Buffer): VariantValue {
  const at = bytes.readBigUInt64LE(8);
  return at === 0n ? { kind: 'none' } : { kind, at };
}
