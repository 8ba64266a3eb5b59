import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateKey, importSigningKey, keyIdOf, readPublicKey } from './keys.ts';
import { codeOf, must } from './world.fixture.ts';

describe('keys', () => {
  test('are made on the curve that was asked for, and differ', async () => {
    const [first, second] = [await generateKey('P-256'), await generateKey('P-256')];
    expect(keyIdOf(first.publicKey)).toMatch(/^[0-9a-f]{40}$/);
    expect(keyIdOf(first.publicKey)).not.toBe(keyIdOf(second.publicKey));
    expect(must(readPublicKey((await generateKey('P-384')).publicKey, ['P-256', 'P-384'])).curve).toBe('P-384');
  });

  test('an imported key signs and cannot be taken out again', async () => {
    const key = await importSigningKey((await generateKey('P-256')).privateKey, 'P-256');
    expect(key).toMatchObject({ extractable: false, usages: ['sign'] });
    await expect(importSigningKey((await generateKey('P-256')).privateKey, 'P-384')).rejects.toThrow();
  });

  test('a foreign public key is refused unless it is a point on an allowed curve in its one encoding', async () => {
    const { publicKey } = await generateKey('P-256');
    expect(Buffer.from(must(readPublicKey(publicKey, ['P-256'])).publicKey)).toEqual(Buffer.from(publicKey));
    const offCurve = Uint8Array.from(publicKey).fill(1, -4);
    const spki = (pair: { publicKey: { export: (options: { format: 'der'; type: 'spki' }) => Buffer } }) =>
      pair.publicKey.export({ format: 'der', type: 'spki' });
    const refused = [
      new Uint8Array(),
      offCurve,
      Buffer.concat([publicKey, Buffer.from([0])]),
      (await generateKey('P-384')).publicKey,
      spki(generateKeyPairSync('rsa', { modulusLength: 2048 })),
      spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })),
      spki(generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })),
      spki(generateKeyPairSync('ed25519')),
    ];
    expect(refused.map((key) => codeOf(readPublicKey(key, ['P-256'])))).toEqual(refused.map(() => 'KEY_REFUSED'));
  });
});
