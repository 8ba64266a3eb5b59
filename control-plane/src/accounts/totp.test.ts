import { expect, test } from 'vitest';
import { base32, codeOfStep, stepAt, stepOfCode, totpUrl } from './totp.ts';

/** RFC 6238, appendix B: SHA-1, the last six of its eight digits. */
const secret = Buffer.from('12345678901234567890');
test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('the code at %i s is %s', (seconds, code) => {
  expect(codeOfStep(secret, stepAt(new Date(seconds * 1_000)))).toBe(code);
});

test('a code is taken one step before and after, and no further; anything else never', () => {
  const now = new Date(1_234_567_890_000);
  const step = stepAt(now);
  const taken = [-2, -1, 0, 1, 2].map((off) => stepOfCode(secret, codeOfStep(secret, step + off), now));
  expect(taken).toEqual([null, step - 1, step, step + 1, null]);
  for (const text of ['', '00592', '0059240', '00592a', '०05924', ' 005924']) {
    expect(stepOfCode(secret, text, now)).toBeNull();
  }
});

test('base32 is that of RFC 4648', () => {
  const pairs = { f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' };
  for (const [text, encoded] of Object.entries(pairs)) expect(base32(Buffer.from(text))).toBe(encoded);
  expect(totpUrl(secret, 'a&b@c.example')).toContain('otpauth://totp/Casare%3Aa%26b%40c.example?secret=GEZDGNBV');
});
