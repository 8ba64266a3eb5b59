import { JoinTokenText } from '@casare/shared/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createJoinToken,
  hashJoinToken,
  joinCredentialText,
  joinTokenText,
  parseJoinCredential,
  parseJoinToken,
  verifyJoinToken,
} from './join-token.ts';
import { codeOf, must } from './world.fixture.ts';

const PIN = '0123456789abcdef0123456789abcdef';
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('');
const base64url = (minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength, maxLength }).map((letters) => letters.join(''));
const token = fc.record({
  id: base64url(8, 64),
  secret: base64url(43, 43),
  pin: fc
    .array(fc.constantFrom(...Array.from('0123456789abcdef')), { minLength: 32, maxLength: 32 })
    .map((digits) => digits.join('')),
});

describe('join token', () => {
  test('is random, has the text the protocol declares and is read back', () => {
    const [first, second] = [createJoinToken(PIN), createJoinToken(PIN)];
    expect(first.secret).toHaveLength(43);
    expect(first.secret).not.toBe(second.secret);
    expect(first.id).not.toBe(second.id);
    expect(JoinTokenText.safeParse(joinTokenText(first)).success).toBe(true);
    expect(must(parseJoinToken(`  ${joinTokenText(first)}\n`))).toEqual(first);
    expect(parseJoinCredential(joinCredentialText(first))).toEqual({ id: first.id, secret: first.secret });
  });

  test('every token of the grammar survives the round trip', () => {
    fc.assert(
      fc.property(token, (made) => {
        expect(must(parseJoinToken(joinTokenText(made)))).toEqual(made);
      }),
    );
  });

  test('whatever text is accepted is spelled exactly as it would be written; refusals never repeat it', () => {
    const near = token.chain((made) =>
      fc.tuple(fc.nat({ max: 120 }), fc.constantFrom('', '.', ' ', 'x', '=', '\n', 'é')).map(([at, piece]) => {
        const text = joinTokenText(made);
        return text.slice(0, at) + piece + text.slice(at + 1);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const parsed = parseJoinToken(text);
        if (parsed.ok) expect(joinTokenText(parsed.value)).toBe(text.trim());
        else if (text.length > 20) expect(parsed.message).not.toContain(text.slice(0, 20));
      }),
      { numRuns: 1_000 },
    );
    expect(codeOf(parseJoinToken('casare_'.repeat(500)))).toBe('JOIN_TOKEN_MALFORMED');
  });

  test('is stored as a hash that belongs to its id', () => {
    const made = createJoinToken(PIN);
    const stored = hashJoinToken(made);
    expect(stored).toMatch(/^[0-9a-f]{64}$/);
    expect(verifyJoinToken(made, stored)).toBe(true);
    expect(verifyJoinToken({ ...made, secret: createJoinToken(PIN).secret }, stored)).toBe(false);
    expect(verifyJoinToken({ ...made, id: createJoinToken(PIN).id }, stored)).toBe(false);
    expect(verifyJoinToken({ ...made, secret: '' }, stored)).toBe(false);
    for (const broken of ['', 'zz', stored.slice(2), `${stored}00`]) expect(verifyJoinToken(made, broken)).toBe(false);
  });

  test.each([
    '',
    '.',
    'abcdefgh',
    'abcdefgh.',
    `abcdefgh.${'x'.repeat(42)}`,
    `abcdefgh.${'x'.repeat(43)}.${PIN}`,
    `short.${'x'.repeat(43)}`,
  ])('the server refuses the credential %j', (text) => {
    expect(parseJoinCredential(text)).toBeNull();
  });
});
