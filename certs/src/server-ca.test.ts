import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { caProfile } from './ca-profile.ts';
import { DAY_MS } from './certificate.ts';
import { readCertificate } from './contents.ts';
import { createRoot } from './root.ts';
import { createServerCa } from './server-ca.ts';
import { codeOf, derOf, must, testCa } from './world.fixture.ts';

const now = new Date('2026-11-02T12:00:00Z');

test('a server CA signs servers only, nothing below it, and is signed by its root', async () => {
  const root = await testCa(await createRoot({ kind: 'server', now }));
  for (const curve of ['P-256', 'P-384'] as const) {
    const ca = must(await createServerCa(root.issuer, { now, curve }));
    const contents = must(readCertificate(derOf(ca.certificate)));
    expect(contents).toMatchObject({ ca: true, pathLength: 0, extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] });
    expect(contents.issuerKeyId).toBe(root.keyed.keyId);
    expect(caProfile(contents)).toEqual({ kind: 'server-ca' });
    const [seen, parent] = [new X509Certificate(ca.certificate), new X509Certificate(root.pem)];
    expect(seen.checkIssued(parent) && seen.verify(parent.publicKey)).toBe(true);
    expect(seen.publicKey.asymmetricKeyDetails?.namedCurve).toBe(curve === 'P-256' ? 'prime256v1' : 'secp384r1');
  }
});

test('it never outlives its root, and an expired root signs nothing', async () => {
  const root = await testCa(await createRoot({ kind: 'server', now, lifetimeDays: 10 }));
  const ca = must(await createServerCa(root.issuer, { now }));
  expect(ca.notAfter).toEqual(root.keyed.notAfter);
  const later = new Date(now.getTime() + 10 * DAY_MS);
  expect(codeOf(await createServerCa(root.issuer, { now: later }))).toBe('ISSUER_EXPIRED');
});
