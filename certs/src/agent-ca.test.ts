import { expect, test } from 'vitest';
import { createAgentCa } from './agent-ca.ts';
import { caProfile } from './ca-profile.ts';
import { readCertificate } from './contents.ts';
import { createRoot } from './root.ts';
import { derOf, must, testCa } from './world.fixture.ts';

const now = new Date('2026-11-02T12:00:00Z');

// What OpenSSL makes of the constraints is shown in tls.test.ts.
test("a tenant's CA is constrained, critically, to that tenant's host", async () => {
  const root = await testCa(await createRoot({ kind: 'agent', now }));
  const ca = must(await createAgentCa(root.issuer, { tenant: 'acme', trustDomain: 'casare.test', now }));
  const contents = must(readCertificate(derOf(ca.certificate)));
  expect(contents).toMatchObject({ ca: true, pathLength: 0, extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] });
  expect(contents.nameConstraints).toEqual({ critical: true, permittedUriHosts: ['t-acme.casare.test'] });
  expect(caProfile(contents)).toEqual({ kind: 'agent-ca', tenant: 'acme', trustDomain: 'casare.test' });
});

test('a tenant or trust domain outside its grammar never reaches a certificate', async () => {
  const root = await testCa(await createRoot({ kind: 'agent', now }));
  for (const [tenant, trustDomain] of [
    ['acme.evil', 'casare.test'],
    ['', 'casare.test'],
    ['acme', '.'],
  ] as const) {
    await expect(createAgentCa(root.issuer, { tenant, trustDomain, now })).rejects.toThrow();
  }
});
