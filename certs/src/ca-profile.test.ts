import { beforeAll, expect, test } from 'vitest';
import { tenantConstraints } from './agent-ca.ts';
import { caProfile } from './ca-profile.ts';
import { caExtensions } from './certificate.ts';
import { readCertificate } from './contents.ts';
import { createWorld, must, rogue, TRUST_DOMAIN, type World } from './world.fixture.ts';
import { ExtendedKeyUsage, Extension } from './x509.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

/** The profile of a certificate that the agent root signed with `extensions`. */
async function profileOf(extensions: Extension[]) {
  const made = await rogue(world.agentRoot, { purpose: ExtendedKeyUsage.clientAuth, extensions });
  return caProfile(must(readCertificate(made.der)));
}

// The four kinds themselves are shown by the tests of root, server-ca and agent-ca.
test('an end certificate and a CA that lacks one part of a profile are none of ours', async () => {
  const { clientAuth } = ExtendedKeyUsage;
  const constraints = tenantConstraints(`t-acme.${TRUST_DOMAIN}`);
  expect(await profileOf([...caExtensions(0, clientAuth), constraints])).toMatchObject({ kind: 'agent-ca' });
  expect(caProfile(must(readCertificate(world.agent.der)))).toBeNull();
  expect(await profileOf(caExtensions(0, clientAuth))).toBeNull();
  expect(await profileOf([...caExtensions(1, clientAuth), constraints])).toBeNull();
  expect(await profileOf([...caExtensions(0, clientAuth).slice(0, 2), constraints])).toBeNull();
  const lenient = new Extension(constraints.type, false, constraints.value);
  expect(await profileOf([...caExtensions(0, clientAuth), lenient])).toBeNull();
  const wide = tenantConstraints(TRUST_DOMAIN);
  expect(await profileOf([...caExtensions(0, clientAuth), wide])).toBeNull();
});
