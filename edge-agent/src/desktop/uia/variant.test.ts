/** VARIANTs, GUIDs and faults: what lies where, proved with a real foreign-function layout. */
import koffi from 'koffi';
import { describe, expect, test } from 'vitest';
import { DesktopError } from '../desktop-error.ts';
import { faultOf, NotSupported } from './faults.ts';
import { GUID, guidBytes } from './ids.ts';
import {
  booleanVariant,
  numberVariant,
  readVariant,
  textVariant,
  VARIANT_SIZE,
  VARIANT_STRUCT,
  type VariantFields,
} from './variant.ts';

const layout = koffi.struct(VARIANT_STRUCT);

function inMemory(fields: VariantFields): Buffer {
  const bytes = Buffer.alloc(VARIANT_SIZE);
  koffi.encode(bytes, layout, fields);
  return bytes;
}

describe('VARIANT', () => {
  test('has the size and alignment of 64-bit Windows', () => {
    expect(koffi.sizeof(layout)).toBe(VARIANT_SIZE);
    expect(koffi.offsetof(layout, 'v')).toBe(8);
  });

  test.each([
    [numberVariant(50_004), { kind: 'number', value: 50_004 }],
    [numberVariant(-1), { kind: 'number', value: -1 }],
    [booleanVariant(true), { kind: 'boolean', value: true }],
    [booleanVariant(false), { kind: 'boolean', value: false }],
    [textVariant(0x7fff_0000_1234n), { kind: 'text', at: 0x7fff_0000_1234n }],
    [textVariant(0n), { kind: 'none' }],
  ])('%o is written and read', (fields, value) => {
    expect(readVariant(inMemory(fields))).toEqual(value);
  });

  test('numbers of other sizes, arrays and what nobody asked for', () => {
    const bytes = Buffer.alloc(VARIANT_SIZE);
    bytes.writeUInt16LE(5, 0);
    bytes.writeDoubleLE(2.5, 8);
    expect(readVariant(bytes)).toEqual({ kind: 'number', value: 2.5 });
    bytes.writeUInt16LE(0x2003, 0);
    bytes.writeBigUInt64LE(16n, 8);
    expect(readVariant(bytes)).toEqual({ kind: 'array', at: 16n });
    bytes.writeUInt16LE(72, 0);
    expect(readVariant(bytes)).toEqual({ kind: 'none' });
  });
});

test('a GUID lies in memory with its first three numbers reversed', () => {
  expect(guidBytes(GUID.IUIAutomation).toString('hex')).toBe('7de5cb30d0d92a45ab137ac5ac4825ee');
});

describe('faults', () => {
  test.each([
    [0x80040201, 'ELEMENT_GONE'],
    [0x80131505 | 0, 'APPLICATION_NOT_ANSWERING'],
    [0x8000ffff | 0, 'DESKTOP_GONE'],
  ])('0x%x is %s', (result, code) => {
    const fault = faultOf(result, 'IUIAutomationElement.SetFocus');
    expect(fault).toBeInstanceOf(DesktopError);
    expect(fault).toMatchObject({ code });
    expect(fault.message).toContain('SetFocus');
  });

  test('what an element lacks is no failure of the desktop', () => {
    expect(faultOf(0x80040204 | 0, 'x')).toBeInstanceOf(NotSupported);
    expect(faultOf(0x80004001 | 0, 'x')).toBeInstanceOf(NotSupported);
  });
});
