import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateKey } from './keys.ts';
import { openKey, sealKey } from './sealed-key.ts';
import { codeOf, must } from './world.fixture.ts';

const master = randomBytes(32);

describe('sealed CA keys', () => {
  test('open under their master key and CA id, and hide the key', async () => {
    const { privateKey } = await generateKey('P-384');
    const sealed = sealKey(privateKey, master, 'ca-1');
    expect(sealed).toMatch(/^casare-key-v1\.[\w-]{16}\.[\w-]+$/);
    expect(Buffer.from(must(openKey(sealed, master, 'ca-1')))).toEqual(Buffer.from(privateKey));
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').includes(Buffer.from(privateKey.slice(-16)))).toBe(
      false,
    );
    expect(sealKey(privateKey, master, 'ca-1')).not.toBe(sealed);
  });

  test('do not open under another master key, for another CA or after a change', () => {
    const sealed = sealKey(Buffer.from('key'), master, 'ca-1');
    const [version, nonce, body] = sealed.split('.');
    const changed = Buffer.from(body ?? '', 'base64url');
    changed[0] = (changed[0] ?? 0) ^ 1;
    expect(codeOf(openKey(sealed, randomBytes(32), 'ca-1'))).toBe('SEALED_KEY_REFUSED');
    expect(codeOf(openKey(sealed, master, 'ca-2'))).toBe('SEALED_KEY_REFUSED');
    expect(codeOf(openKey(`${version}.${nonce}.${changed.toString('base64url')}`, master, 'ca-1'))).toBe(
      'SEALED_KEY_REFUSED',
    );
  });

  test.each([
    '',
    'casare-key-v2.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA',
    'casare-key-v1.AA.AA',
    'casare-key-v1..',
    'x'.repeat(9_999),
  ])('refuses the text %.40j', (text) => {
    expect(codeOf(openKey(text, master, 'ca-1'))).toBe('SEALED_KEY_MALFORMED');
  });

  test('insist on a 32-byte master key', () => {
    expect(() => sealKey(Buffer.from('key'), randomBytes(16), 'ca-1')).toThrow(RangeError);
  });
});
