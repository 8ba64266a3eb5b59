import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createAgentCa } from './agent-ca.ts';
import { DAY_MS, HOUR_MS } from './certificate.ts';
import { readCertificate } from './contents.ts';
import { generateKey } from './keys.ts';
import { createAgentLeaf, createGatewayLeaf } from './leaf.ts';
import { AGENT_ID, codeOf, createWorld, derOf, must, testCa, TRUST_DOMAIN, type World } from './world.fixture.ts';

const now = new Date('2026-11-02T12:00:00Z');
const name = { tenant: 'acme', trustDomain: TRUST_DOMAIN, agentId: AGENT_ID };
let world: World;
beforeAll(async () => {
  world = await createWorld(now);
});

describe('agent leaf', () => {
  test('has one URI name, clientAuth and digitalSignature alone, and lives 24 hours from a small backdate', async () => {
    const { publicKey } = await generateKey('P-256');
    const issued = must(await createAgentLeaf(world.acme.issuer, { ...name, publicKey, now }));
    expect(must(readCertificate(derOf(issued.certificate)))).toMatchObject({
      ca: false,
      pathLength: null,
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
      names: [{ type: 'uri', value: `spiffe://t-acme.${TRUST_DOMAIN}/agent/${AGENT_ID}` }],
      notBefore: new Date(now.getTime() - 5 * 60_000),
      notAfter: new Date(now.getTime() + 24 * HOUR_MS),
      issuerKeyId: world.acme.keyed.keyId,
      serial: issued.serial,
      keyId: issued.keyId,
    });
    const [seen, ca] = [new X509Certificate(issued.certificate), new X509Certificate(world.acme.pem)];
    expect(seen.checkIssued(ca) && seen.verify(ca.publicKey)).toBe(true);
    expect(Buffer.from(publicKey)).toEqual(seen.publicKey.export({ format: 'der', type: 'spki' }));
  });

  test('never outlives its CA', async () => {
    const { publicKey } = await generateKey('P-256');
    const options = { tenant: 'acme', trustDomain: TRUST_DOMAIN, now, lifetimeDays: 1 };
    const ca = await testCa(must(await createAgentCa(world.agentRoot.issuer, options)));
    const late = new Date(now.getTime() + DAY_MS - HOUR_MS);
    expect(must(await createAgentLeaf(ca.issuer, { ...name, publicKey, now: late })).notAfter).toEqual(
      ca.keyed.notAfter,
    );
    const after = new Date(now.getTime() + DAY_MS);
    expect(codeOf(await createAgentLeaf(ca.issuer, { ...name, publicKey, now: after }))).toBe('ISSUER_EXPIRED');
  });

  test('takes P-256 keys only', async () => {
    const { publicKey } = await generateKey('P-384');
    expect(codeOf(await createAgentLeaf(world.acme.issuer, { ...name, publicKey, now }))).toBe('KEY_REFUSED');
  });
});

describe('gateway leaf', () => {
  test('names its hosts by DNS and by address, serverAuth alone, 90 days', async () => {
    const { publicKey } = await generateKey('P-256');
    const hosts = ['gateway.test', '10.1.2.3', '2001:db8::7', 'gateway.test'];
    const issued = must(await createGatewayLeaf(world.serverCa.issuer, { hosts, publicKey, now }));
    const contents = must(readCertificate(derOf(issued.certificate)));
    expect(contents).toMatchObject({
      ca: false,
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'],
      names: [
        { type: 'dns', value: 'gateway.test' },
        { type: 'ip', value: '10.1.2.3' },
        { type: 'ip', value: '2001:db8::7' },
      ],
      notAfter: new Date(now.getTime() + 90 * DAY_MS),
    });
    const seen = new X509Certificate(issued.certificate);
    expect(seen.checkIP('2001:db8::7') && seen.checkIP('10.1.2.3') && seen.checkHost('gateway.test')).toBeTruthy();
  });

  test('refuses no hosts, too many, and anything that is no host', async () => {
    const { publicKey } = await generateKey('P-256');
    for (const hosts of [[], Array.from({ length: 51 }, (_, index) => `h${index}.test`), ['*.test']]) {
      await expect(createGatewayLeaf(world.serverCa.issuer, { hosts, publicKey, now })).rejects.toThrow();
    }
  });
});
