import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage as LibraryExtendedKeyUsage,
  KeyUsage,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
} from '@peculiar/asn1-x509';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCertificate } from './contents.ts';
import { codeOf, createWorld, derOf, must, rogue, type World } from './world.fixture.ts';
import { ExtendedKeyUsage } from './x509.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

/** The agent's certificate with the bytes `from` (hex) replaced by `to` of the same length. */
function patched(from: string, to: string): Uint8Array {
  const text = Buffer.from(world.agent.der).toString('hex');
  expect(text).toContain(from);
  return Buffer.from(text.replace(from, to), 'hex');
}

// What readCertificate reads correctly is shown by the tests of the templates, here is what it refuses.
describe('readCertificate refuses', () => {
  test('a negative serial number', () => {
    expect(codeOf(readCertificate(world.agent.der))).toBe('OK');
    expect(codeOf(readCertificate(patched('a003020102021101', 'a003020102021181')))).toBe('CERTIFICATE_MALFORMED');
  });

  test('a serial number with a superfluous leading zero', () => {
    const text = Buffer.from(world.agent.der).toString('hex');
    const second = text.slice(text.indexOf('021101') + 6).slice(0, 2);
    const low = second < '80' ? '00' : null;
    const bytes = patched(`021101${second}`, `021100${low === null ? '01' : second}`);
    expect(codeOf(readCertificate(bytes))).toBe('CERTIFICATE_MALFORMED');
  });

  test('a date that is none, has no time zone or another one', () => {
    const text = Buffer.from(world.agent.der).toString('hex');
    const [utcTime = '', digits = ''] = /170d((?:3\d){12})5a/.exec(text) ?? [];
    for (const broken of [
      `170d${'7a'.repeat(12)}5a`,
      `170d${digits.slice(0, 4)}3133${digits.slice(8)}5a`,
      `170d${digits}30`,
    ]) {
      expect(codeOf(readCertificate(patched(utcTime, broken))), broken).toBe('CERTIFICATE_MALFORMED');
    }
  });

  test('an extension whose value goes on after its end', () => {
    // The extended key usage 300a06082b06010505070302 with its inner length cut by two: two bytes stay over.
    const bytes = patched('300a06082b06010505070302', '300806062b06010505070302');
    expect(codeOf(readCertificate(bytes))).toBe('CERTIFICATE_MALFORMED');
  });
});

describe('readCertificate reads as the ASN.1 library does', () => {
  test('every certificate of the templates, and names of all kinds', async () => {
    const names = ['url:spiffe://t-a.b/agent/1', 'dns:a.test', 'ip:127.0.0.1', 'ip:2001:db8::1', 'email:a@b.test'];
    const mixed = await rogue(world.acme, { names, purpose: ExtendedKeyUsage.clientAuth });
    const pems = [world.serverRoot, world.agentRoot, world.serverCa, world.acme].map(({ pem }) => pem);
    const ders = [...pems.map(derOf), world.gateway.der, world.agent.der, mixed.der];
    for (const der of ders) expect(must(readCertificate(der))).toMatchObject(byLibrary(der));
    expect(must(readCertificate(mixed.der)).names.map(({ type, value }) => `${type}:${value}`)).toEqual([
      ...['uri:spiffe://t-a.b/agent/1', 'dns:a.test', 'ip:127.0.0.1', 'ip:2001:db8::1', 'email:a@b.test'],
    ]);
  });

  test('changed bytes are refused, or read as the library reads them', () => {
    const der = world.agent.der;
    let [refused, read, stricter] = [0, 0, 0];
    for (let at = 0; at < der.length; at++) {
      for (const bits of [0x01, 0x02, 0x20, 0x80]) {
        const bytes = Uint8Array.from(der);
        bytes[at]! ^= bits;
        const contents = readCertificate(bytes);
        if (!contents.ok) {
          refused += 1;
          continue;
        }
        const library = tryByLibrary(bytes);
        // What only the library refuses is in fields that say nothing to us: algorithms and the texts of names.
        if (library === null) stricter += 1;
        else read += 1;
        expect(contents.value, `bit ${bits} of byte ${at}`).toMatchObject(library ?? byLibrary(der));
      }
    }
    expect(refused).toBeGreaterThan(300);
    expect(read).toBeGreaterThan(300);
    expect(stricter).toBeLessThan(100);
  });
});

function tryByLibrary(der: Uint8Array) {
  try {
    return byLibrary(der);
  } catch {
    return null;
  }
}

/** The extensions by @peculiar/asn1-x509, which is tolerant: what it reads is compared, not what it accepts. */
function byLibrary(der: Uint8Array) {
  const { extensions = [] } = AsnConvert.parse(der, Certificate).tbsCertificate;
  const parse = <T>(oid: string, type: new () => T): T | null => {
    const found = extensions.find(({ extnID }) => extnID === oid);
    return found ? AsnConvert.parse(found.extnValue.buffer, type) : null;
  };
  const hexOf = (id: { buffer: ArrayBuffer } | null | undefined) =>
    id ? Buffer.from(id.buffer).toString('hex') : null;
  const constraints = parse(id_ce_basicConstraints, BasicConstraints);
  const purposes = parse(id_ce_extKeyUsage, LibraryExtendedKeyUsage);
  const names = [...(parse(id_ce_subjectAltName, SubjectAlternativeName) ?? [])];
  return {
    ca: constraints?.cA ?? false,
    pathLength: constraints?.pathLenConstraint ?? null,
    keyUsage: parse(id_ce_keyUsage, KeyUsage)?.toJSON() ?? [],
    extendedKeyUsage: purposes && [...purposes],
    names: names.map((name) => ({
      value: name.uniformResourceIdentifier ?? name.dNSName ?? name.iPAddress ?? name.rfc822Name ?? '',
    })),
    keyId: hexOf(parse(id_ce_subjectKeyIdentifier, SubjectKeyIdentifier)),
    issuerKeyId: hexOf(parse(id_ce_authorityKeyIdentifier, AuthorityKeyIdentifier)?.keyIdentifier),
  };
}
