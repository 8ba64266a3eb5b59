/** What is changed in a summary, and what is no summary. The MSI itself is built in test/system/reproducible.test.ts. */
import { expect, test } from 'vitest';
import { writeSummary } from './summary.ts';

const BEFORE = '{CA33DC7E-8B2E-49AD-B8CA-8B655F71BF53}';
const CODE = '00000000-0000-5000-8000-000000000001';
const AT = new Date('2026-01-01T00:00:00Z');
const FORMAT = Buffer.from('e0859ff2f94f6810ab9108002b27b3d9', 'hex');

/** Something before it, the stream's header, the section with three properties, something behind it. */
function summary(code = BEFORE): Buffer {
  const word = (...numbers: number[]) => Buffer.from(new Uint32Array(numbers).buffer);
  const text = Buffer.concat([word(0x1e, 39), Buffer.from(code, 'latin1'), Buffer.alloc(2)]);
  const time = Buffer.concat([word(0x40), Buffer.alloc(8, 7)]);
  const first = 8 + 3 * 8;
  const table = word(0, 3, 9, first, 12, first + text.length, 13, first + text.length + time.length);
  const section = Buffer.concat([table, text, time, time]);
  const header = Buffer.concat([Buffer.alloc(28), FORMAT, word(48)]);
  return Buffer.concat([Buffer.alloc(100, 1), header, section, Buffer.alloc(100, 2)]);
}

test('two of different builds become the same, and nothing else is changed', () => {
  const [one, other] = [summary(), summary('{D3742349-43C5-48BD-B2AA-EDAA667CDD28}')];
  for (const msi of [one, other]) writeSummary(msi, { code: CODE, at: AT });
  expect(one).toEqual(other);
  expect(one.includes(`{${CODE}}\0`)).toBe(true);
  const ticks = Buffer.alloc(8);
  ticks.writeBigUInt64LE(134_116_992_000_000_000n);
  const before = summary();
  const changed = [...one.keys()].filter((at) => one[at] !== before[at]);
  const code = before.indexOf(BEFORE);
  const times = one.indexOf(ticks);
  expect(one.subarray(times + 12, times + 20)).toEqual(ticks);
  const within = (at: number, start: number, length: number) => at >= start && at < start + length;
  expect(
    changed.every((at) => within(at, code, BEFORE.length) || within(at, times, 8) || within(at, times + 12, 8)),
  ).toBe(true);
});

test('what does not lie as expected fails the build', () => {
  const twice = Buffer.concat([summary(), summary()]);
  for (const msi of [Buffer.alloc(1_000), twice, summary('x'.repeat(38))]) {
    expect(() => writeSummary(msi, { code: CODE, at: AT })).toThrow(/MSI_SUMMARY/);
  }
});
