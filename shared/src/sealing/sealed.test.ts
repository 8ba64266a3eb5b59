/** What is sealed opens for one key and one place alone. */
import { beforeAll, expect, test } from 'vitest';
import { sealingFingerprint } from './fingerprint.ts';
import { generateSealingKey, publicSealingKeyOf, type SealingKeyPair } from './key-pair.ts';
import { openSealed, sealTo } from './sealed.ts';
import { base64Of, bytesOf } from './suite.ts';
import { Sealed, SealingFingerprint, SealingPublicKey } from './shapes.ts';

const PLACE = { tenant: 'default', name: 'portal', version: 3, agentId: '0b3e4d9e-2f0a-4c57-9d57-1f0a3f8a7a01' };
const CONTENT = { value: { user: 'ann', password: 'pä$$word' }, rules: { steps: ['browser.fill'] } };

let mine: SealingKeyPair;
let other: SealingKeyPair;
let sealed: string;
beforeAll(async () => {
  [mine, other] = await Promise.all([generateSealingKey(), generateSealingKey()]);
  sealed = await sealTo(mine.publicKey, PLACE, CONTENT);
});

test('value and rules open with the private key, for the place that they were sealed for', async () => {
  expect(await openSealed(mine.privateKey, PLACE, sealed)).toEqual(CONTENT);
  expect(await openSealed(other.privateKey, PLACE, sealed)).toBeNull();
});

test.each([{ tenant: 'other' }, { name: 'portal2' }, { version: 2 }, { agentId: crypto.randomUUID() }])(
  'they do not open for %o',
  async (change) => {
    expect(await openSealed(mine.privateKey, { ...PLACE, ...change }, sealed)).toBeNull();
  },
);

test('nothing of them opens when a bit is changed, or nothing is left', async () => {
  for (const at of [0, 31, 32, 60]) {
    const bytes = bytesOf(sealed);
    bytes[at]! ^= 1;
    expect(await openSealed(mine.privateKey, PLACE, base64Of(bytes))).toBeNull();
  }
  expect(await openSealed(mine.privateKey, PLACE, base64Of(new Uint8Array(48)))).toBeNull();
});

test('two seals of the same are different, and as long for a short value as for a shorter one', async () => {
  const again = await sealTo(mine.publicKey, PLACE, CONTENT);
  const short = await sealTo(mine.publicKey, PLACE, { value: 'x', rules: {} });
  expect(again).not.toBe(sealed);
  expect([again.length, short.length]).toEqual([sealed.length, sealed.length]);
});

test('the largest value fits its shape', async () => {
  const value = '\u0001'.repeat(32_768);
  expect(Sealed.safeParse(await sealTo(mine.publicKey, PLACE, { value, rules: {} })).success).toBe(true);
});

test('a public key follows from the private one, and has a fingerprint', async () => {
  expect(SealingPublicKey.parse(mine.publicKey)).toBe(mine.publicKey);
  expect(await publicSealingKeyOf(mine.privateKey)).toBe(mine.publicKey);
  const fingerprint = SealingFingerprint.parse(await sealingFingerprint(mine.publicKey));
  expect(await sealingFingerprint(other.publicKey)).not.toBe(fingerprint);
});
