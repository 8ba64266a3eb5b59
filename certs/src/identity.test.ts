import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { caExtensions, leafExtensions } from './certificate.ts';
import { readIdentity } from './identity.ts';
import { AGENT_ID, codeOf, createWorld, must, rogue, TRUST_DOMAIN, type World } from './world.fixture.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
} from './x509.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

const { clientAuth, serverAuth } = ExtendedKeyUsage;
const URI = `spiffe://t-acme.${TRUST_DOMAIN}/agent/${AGENT_ID}`;
const keyUsage = new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true);

/** The code for a certificate signed by acme's CA. */
async function judge(names: readonly string[], extensions = leafExtensions(clientAuth)) {
  const leaf = await rogue(world.acme, { names, purpose: clientAuth, extensions });
  return codeOf(readIdentity(leaf.der, TRUST_DOMAIN));
}

describe('readIdentity', () => {
  test('reads tenant, agent, serial, end of life and issuer of an agent leaf', () => {
    const identity = must(readIdentity(world.agent.der, TRUST_DOMAIN));
    expect(identity).toMatchObject({ tenant: 'acme', trustDomain: TRUST_DOMAIN, agentId: AGENT_ID });
    expect(identity.serial).toMatch(/^01[0-9a-f]{32}$/);
    expect(identity.issuerKeyId).toBe(world.acme.keyed.keyId);
    expect(identity.notAfter.getTime()).toBeGreaterThan(Date.now());
  });

  test('control: the helper below makes certificates that pass', async () => {
    expect(await judge([`url:${URI}`])).toBe('OK');
  });

  test.each([
    ['no name', [], 'PEER_NAMES'],
    ['two URIs', [`url:${URI}`, `url:${URI.replace('acme', 'globex')}`], 'PEER_NAMES'],
    ['a URI and a DNS name', [`url:${URI}`, 'dns:a.test'], 'PEER_NAMES'],
    ['only a DNS name', ['dns:a.test'], 'PEER_NAME_TYPE'],
    ['only an address', ['ip:127.0.0.1'], 'PEER_NAME_TYPE'],
    ['the URI as an e-mail address', [`email:${URI}`], 'PEER_NAME_TYPE'],
    ['a comma-injected second URI', [`url:${URI}, URI:${URI.replace('acme', 'globex')}`], 'PEER_URI'],
    ['a comma-injected DNS name', [`url:${URI}, DNS:gateway.test`], 'PEER_URI'],
    ['another scheme', [`url:https://t-acme.${TRUST_DOMAIN}/agent/${AGENT_ID}`], 'PEER_URI'],
    ['upper case', [`url:${URI.toUpperCase()}`], 'PEER_URI'],
    ['another trust domain', [`url:${URI.replace(TRUST_DOMAIN, 'evil.test')}`], 'PEER_TRUST_DOMAIN'],
  ])('refuses %s', async (_, names, code) => {
    expect(await judge(names)).toBe(code);
  });

  test('refuses other purposes and usages, also none and an empty list', async () => {
    const withKeyUsage = (...extensions: Extension[]) => judge([`url:${URI}`], [keyUsage, ...extensions]);
    expect(await withKeyUsage()).toBe('PEER_PURPOSE');
    expect(await withKeyUsage(new ExtendedKeyUsageExtension([serverAuth]))).toBe('PEER_PURPOSE');
    expect(await withKeyUsage(new ExtendedKeyUsageExtension([clientAuth, serverAuth]))).toBe('PEER_PURPOSE');
    expect(await withKeyUsage(new Extension('2.5.29.37', false, Buffer.from('3000', 'hex')))).toBe('PEER_PURPOSE');
    const purpose = new ExtendedKeyUsageExtension([clientAuth]);
    expect(await judge([`url:${URI}`], [purpose])).toBe('PEER_KEY_USAGE');
    const signs = new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign, true);
    expect(await judge([`url:${URI}`], [signs, purpose])).toBe('PEER_KEY_USAGE');
    expect(await withKeyUsage(purpose)).toBe('OK');
  });

  test('refuses a CA', async () => {
    expect(await judge([`url:${URI}`], caExtensions(0, clientAuth))).toBe('PEER_IS_CA');
    const ca = new BasicConstraintsExtension(true, undefined, true);
    const leafLike = [ca, keyUsage, new ExtendedKeyUsageExtension([clientAuth])];
    expect(await judge([`url:${URI}`], leafLike)).toBe('PEER_IS_CA');
  });

  test('refuses an extension that stands twice', async () => {
    const twice = [...leafExtensions(clientAuth), new ExtendedKeyUsageExtension([serverAuth])];
    expect(await judge([`url:${URI}`], twice)).toBe('CERTIFICATE_MALFORMED');
  });

  test('refuses malformed extension values without throwing', async () => {
    for (const value of ['', '30', '3080', '30030601', `30430641${'81'.repeat(65)}`, '05000000']) {
      const broken = new Extension('2.5.29.37', false, Buffer.from(value, 'hex'));
      expect(await judge([`url:${URI}`], [keyUsage, broken]), value).toMatch(/^(CERTIFICATE_MALFORMED|PEER_PURPOSE)$/);
    }
  });

  test('never throws, whatever the bytes', () => {
    const flips = fc.array(fc.tuple(fc.nat({ max: 2_000 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(flips, (changes) => {
        const copy = Uint8Array.from(world.agent.der);
        for (const [at, value] of changes) copy[at % copy.length] = value;
        const result = readIdentity(copy, TRUST_DOMAIN);
        expect(result.ok || result.code.length > 0).toBe(true);
      }),
      { numRuns: 1_000 },
    );
    expect(codeOf(readIdentity(new Uint8Array(9_000), TRUST_DOMAIN))).toBe('CERTIFICATE_MALFORMED');
    expect(codeOf(readIdentity(new Uint8Array(), TRUST_DOMAIN))).toBe('CERTIFICATE_MALFORMED');
  });
});
