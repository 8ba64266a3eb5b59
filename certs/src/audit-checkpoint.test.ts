import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkpointKey, fingerprintOf, signCheckpoint, verifyCheckpoint } from './audit-checkpoint.ts';
import { createLocalSigner } from './local-signer.ts';
import { createRateLimit } from './rate-limit.ts';
import { codeOf } from './world.fixture.ts';

const now = new Date('2026-11-26T12:00:00.000Z');
const hash = (letter: string): string => letter.repeat(64);
const of = (position: number, letter = 'a', log = 'acme') => ({ log, position, hash: hash(letter) });

test('what the key signed is believed, and nothing else', () => {
  const key = checkpointKey(randomBytes(32));
  const checkpoint = signCheckpoint(key, of(7), now);
  expect(verifyCheckpoint(checkpoint)).toEqual({ ok: true, value: { position: 7, hash: hash('a') } });
  const other = signCheckpoint(checkpointKey(randomBytes(32)), of(7), now);
  for (const changed of [
    { position: 8 },
    { hash: hash('b') },
    { log: 'other' },
    { at: '2026-11-26T12:00:00.001Z' },
    { publicKey: other.publicKey },
    { signature: other.signature },
    { signature: '' },
    { publicKey: 'AAAA' },
  ]) {
    expect(codeOf(verifyCheckpoint({ ...checkpoint, ...changed })), JSON.stringify(changed)).toBe('CHECKPOINT_FORGED');
  }
  expect(fingerprintOf(checkpoint)).not.toBe(fingerprintOf(other));
});

test('signers with one master key have one key, and none signs a step back or two hashes for one place', async () => {
  const masterKey = randomBytes(32);
  const signer = (perMinute = 600) =>
    createLocalSigner({
      ...{ masterKey, trustDomain: 'casare.internal', gatewayHosts: [], now: () => now },
      rateLimit: createRateLimit({ perMinute, burst: perMinute, now: () => now }),
    });
  const [one, two] = [signer(), signer()];
  const [first, same] = [await one.signCheckpoint(of(7)), await two.signCheckpoint(of(7))];
  expect(first).toEqual(same);
  expect(codeOf(await one.signCheckpoint(of(7)))).toBe('OK');
  expect(codeOf(await one.signCheckpoint(of(9)))).toBe('OK');
  expect(codeOf(await one.signCheckpoint(of(8)))).toBe('SIGNER_CHECKPOINT_REFUSED');
  expect(codeOf(await one.signCheckpoint(of(9, 'b')))).toBe('SIGNER_CHECKPOINT_REFUSED');
  expect(codeOf(await one.signCheckpoint(of(1, 'a', 'other')))).toBe('OK');
  expect(codeOf(await one.signCheckpoint({ ...of(10), log: 'a\nb' }))).toBe('SIGNER_REQUEST_INVALID');
  const slow = signer(1);
  expect(codeOf(await slow.signCheckpoint(of(1)))).toBe('OK');
  expect(codeOf(await slow.signCheckpoint(of(2)))).toBe('SIGNER_RATE_LIMITED');
});
