import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDer } from './der.ts';
import { codeOf, must } from './world.fixture.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const read = (text: string) => codeOf(readDer(hex(text), 1_000));

describe('readDer', () => {
  test('reads nested elements and keeps their bytes', () => {
    const node = must(readDer(hex('30 06 02 01 05 0c 01 41'), 100));
    expect(node.children.map((child) => child.tag)).toEqual([0x02, 0x0c]);
    expect(Buffer.from(node.children[1]?.content ?? []).toString()).toBe('A');
    expect(Buffer.from(node.raw).toString('hex')).toBe('30060201050c0141');
  });

  test('reads a length of two octets', () => {
    expect(must(readDer(Buffer.concat([hex('04 81 80'), Buffer.alloc(128)]), 1_000)).content.length).toBe(128);
  });

  test.each([
    ['nothing', ''],
    ['a tag without a length', '30'],
    ['a length beyond the end', '04 05 00'],
    ['bytes left over', '02 01 05 00'],
    ['an indefinite length', '30 80 02 01 05 00 00'],
    ['a long form where the short one does', '04 81 01 00'],
    ['a length with a leading zero', `04 82 00 80 ${'00'.repeat(128)}`],
    ['a length of four octets', '04 84 00 00 00 01 00'],
    ['a tag number over 30', '1f 81 01 00'],
    ['an end-of-contents octet', '00 00'],
    ['an empty object identifier', '06 00'],
    ['a child beyond its parent', '30 03 04 05 00'],
  ])('refuses %s', (_, text) => {
    expect(read(text)).toBe('DER_MALFORMED');
  });

  test('refuses a huge object identifier, deep nesting and many elements, and takes them just below the bound', () => {
    const oid = (bytes: number) => Buffer.concat([Buffer.from([0x06, bytes]), Buffer.alloc(bytes, 0x81)]);
    expect(codeOf(readDer(oid(64), 1_000))).toBe('OK');
    expect(codeOf(readDer(oid(65), 1_000))).toBe('DER_MALFORMED');
    const nested = (depth: number) => {
      let der: Buffer = hex('05 00');
      for (let level = 0; level < depth; level++) der = Buffer.concat([Buffer.from([0x30, der.length]), der]);
      return der;
    };
    expect(codeOf(readDer(nested(16), 1_000))).toBe('OK');
    expect(codeOf(readDer(nested(17), 1_000))).toBe('DER_MALFORMED');
    const many = (count: number) => {
      const content = Buffer.alloc(count * 2).map((_, index) => (index % 2 === 0 ? 5 : 0));
      return Buffer.concat([Buffer.from([0x30, 0x82, content.length >> 8, content.length & 0xff]), content]);
    };
    expect(codeOf(readDer(many(999), 10_000))).toBe('OK');
    expect(codeOf(readDer(many(1_000), 10_000))).toBe('DER_MALFORMED');
    expect(codeOf(readDer(Buffer.alloc(1_001), 1_000))).toBe('DER_TOO_LARGE');
  });

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const result = readDer(bytes, 1_000);
        if (result.ok) expect(result.value.raw.length).toBe(bytes.length);
      }),
      { numRuns: 2_000 },
    );
  });
});
