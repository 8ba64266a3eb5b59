import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { caProfile } from './ca-profile.ts';
import { readCertificate } from './contents.ts';
import { createRoot } from './root.ts';
import { derOf, must } from './world.fixture.ts';

const now = new Date('2026-11-02T12:00:00.500Z');

describe('root', () => {
  test.each([
    ['server', '1.3.6.1.5.5.7.3.1'],
    ['agent', '1.3.6.1.5.5.7.3.2'],
  ] as const)('for %ss: P-384, self-signed, ten years, bounded path, one purpose', async (kind, purpose) => {
    const root = await createRoot({ kind, now });
    const contents = must(readCertificate(derOf(root.certificate)));
    expect(contents).toMatchObject({ ca: true, pathLength: 2, keyUsage: ['crlSign', 'keyCertSign'], names: [] });
    expect(contents.extendedKeyUsage).toEqual([purpose]);
    expect(contents.keyId).toBe(contents.issuerKeyId);
    expect(contents.notBefore.toISOString()).toBe('2026-11-02T11:55:00.000Z');
    expect(contents.notAfter.toISOString()).toBe('2036-10-30T12:00:00.000Z');
    expect(caProfile(contents)).toEqual({ kind: `${kind}-root` });
    const seen = new X509Certificate(root.certificate);
    expect(seen.publicKey.asymmetricKeyDetails?.namedCurve).toBe('secp384r1');
    expect(seen.verify(seen.publicKey)).toBe(true);
    expect(seen.ca).toBe(true);
  });

  test('serial numbers are 128 random bits with one spelling, also at their edges', async () => {
    const serials = [0x00, 0x7f, 0x80, 0xff].map(async (octet) => {
      const root = await createRoot({ kind: 'agent', now, random: (count) => new Uint8Array(count).fill(octet) });
      expect(must(readCertificate(derOf(root.certificate))).serial).toBe(root.serial);
      expect(new X509Certificate(root.certificate).serialNumber.toLowerCase()).toBe(root.serial);
      return root.serial;
    });
    expect(await Promise.all(serials)).toEqual(['00', '7f', '80', 'ff'].map((octet) => `01${octet.repeat(16)}`));
    const [first, second] = [await createRoot({ kind: 'agent', now }), await createRoot({ kind: 'agent', now })];
    expect(first.serial).not.toBe(second.serial);
  });

  test('a life beyond 2049 is written in the long form', async () => {
    const root = await createRoot({ kind: 'server', now, lifetimeDays: 365 * 40 });
    expect(new X509Certificate(root.certificate).validTo).toContain('2066');
  });
});
