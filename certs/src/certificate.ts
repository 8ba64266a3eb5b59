/**
 * The one place where certificates are put together and signed. Callers (root, server-ca, agent-ca, leaf) are the
 * fixed templates; nothing of a request but its public key ever reaches `signCertificate`.
 *
 * Invariants: serials are 128 random bits; no certificate outlives its issuer; every certificate carries both key
 * identifiers, because a database finds an issuer by them.
 */
import * as x509 from './x509.ts';
import { randomBytes, webcrypto } from 'node:crypto';
import { readCertificate, type CertificateContents } from './contents.ts';
import { importSigningKey, keyIdOf, readPublicKey, type Curve } from './keys.ts';
import { toPem } from './pem.ts';
import { accept, refuse, type Result } from './result.ts';

/** Randomness as an argument: `count` bytes nobody can guess. */
export type Random = (count: number) => Uint8Array;

/** A certificate as it is stored and sent. */
export interface Issued {
  certificate: string;
  /** Lower-case hex, as `identity.ts` reads it from a peer. */
  serial: string;
  notBefore: Date;
  notAfter: Date;
  /** The subject's key identifier, hex. */
  keyId: string;
}

/** A CA ready to sign: its certificate and its opened key. */
export interface Issuer {
  contents: CertificateContents;
  curve: Curve;
  key: webcrypto.CryptoKey;
}

/** What a template decides about a certificate. */
export interface Blueprint {
  subject: x509.JsonName | x509.Name;
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Uint8Array;
  now: Date;
  lifetimeMs: number;
  extensions: x509.Extension[];
}

/** Clocks differ: a certificate is valid from this much before it was made. */
export const BACKDATE_MS = 5 * 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export type OpenIssuerCode = 'CERTIFICATE_MALFORMED' | 'NOT_A_CA' | 'KEY_REFUSED' | 'KEY_MISMATCH';

/** Makes an issuer of a CA certificate (DER) and its PKCS#8 key; the two must belong together. */
export async function openIssuer(der: Uint8Array, privateKey: Uint8Array): Promise<Result<Issuer, OpenIssuerCode>> {
  const contents = readCertificate(der);
  if (!contents.ok) return contents;
  if (!contents.value.ca || contents.value.keyId === null) return refuse('NOT_A_CA', 'the certificate is not a CA');
  const publicKey = readPublicKey(contents.value.publicKey, ['P-256', 'P-384']);
  if (!publicKey.ok) return publicKey;
  const { curve } = publicKey.value;
  try {
    const key = await importSigningKey(privateKey, curve);
    if (await matches(key, curve, publicKey.value.publicKey)) return accept({ contents: contents.value, curve, key });
  } catch {
    // Not a key on the certificate's curve: the same answer as another key on it.
  }
  return refuse('KEY_MISMATCH', "the private key does not belong to the CA's certificate");
}

/** Signs what `blueprint` says as `issuer`. */
export async function signCertificate(
  blueprint: Blueprint,
  issuer: Issuer,
  random: Random = randomBytes,
): Promise<Result<Issued, 'ISSUER_EXPIRED'>> {
  const { notAfter: last, subject, keyId } = issuer.contents;
  if (last <= blueprint.now) return refuse('ISSUER_EXPIRED', 'the CA has expired: rotate it, then ask again');
  return accept(
    await sign(blueprint, { name: new x509.Name(Uint8Array.from(subject)), keyId, last, ...issuer }, random),
  );
}

/** Signs a root with its own key. */
export async function signSelf(
  blueprint: Blueprint,
  key: webcrypto.CryptoKey,
  curve: Curve,
  random: Random = randomBytes,
): Promise<Issued> {
  const self = { name: nameOf(blueprint.subject), keyId: null, last: null, key, curve };
  return sign(blueprint, self, random);
}

/** Extensions every CA carries. */
export function caExtensions(pathLength: number, purpose: x509.ExtendedKeyUsage): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    new x509.ExtendedKeyUsageExtension([purpose]),
  ];
}

/** Extensions every end certificate carries. */
export function leafExtensions(purpose: x509.ExtendedKeyUsage): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([purpose]),
  ];
}

interface SigningName {
  name: x509.Name;
  keyId: string | null;
  /** The issuer's own end, which the certificate must not pass. */
  last: Date | null;
  key: webcrypto.CryptoKey;
  curve: Curve;
}

async function sign(blueprint: Blueprint, by: SigningName, random: Random): Promise<Issued> {
  const { now, lifetimeMs, publicKey } = blueprint;
  const notBefore = wholeSeconds(now.getTime() - BACKDATE_MS);
  const notAfter = wholeSeconds(Math.min(now.getTime() + lifetimeMs, by.last?.getTime() ?? Number.MAX_SAFE_INTEGER));
  const keyId = keyIdOf(publicKey);
  const serial = newSerial(random);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: nameOf(blueprint.subject),
    issuer: by.name,
    notBefore,
    notAfter,
    publicKey: new x509.PublicKey(Uint8Array.from(publicKey)),
    signingKey: by.key,
    signingAlgorithm: { name: 'ECDSA', hash: by.curve === 'P-384' ? 'SHA-384' : 'SHA-256' },
    extensions: [
      ...blueprint.extensions,
      new x509.SubjectKeyIdentifierExtension(keyId),
      new x509.AuthorityKeyIdentifierExtension(by.keyId ?? keyId),
    ],
  });
  return { certificate: toPem('CERTIFICATE', new Uint8Array(certificate.rawData)), serial, notBefore, notAfter, keyId };
}

function nameOf(subject: Blueprint['subject']): x509.Name {
  return subject instanceof x509.Name ? subject : new x509.Name(subject);
}

/** 128 random bits behind one fixed octet: positive, never with a leading zero, so it has one spelling in hex. */
function newSerial(random: Random): string {
  return `01${Buffer.from(random(16)).toString('hex')}`;
}

/** X.509 times have whole seconds; rounding down never lengthens a life. */
function wholeSeconds(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1_000) * 1_000);
}

/** Whether `key` is the private half of `publicKey`: it signs something the public half accepts. */
async function matches(key: webcrypto.CryptoKey, curve: Curve, publicKey: Uint8Array): Promise<boolean> {
  const { subtle } = webcrypto;
  const algorithm = { name: 'ECDSA', namedCurve: curve, hash: 'SHA-256' };
  const challenge = randomBytes(32);
  const verifier = await subtle.importKey('spki', Uint8Array.from(publicKey), algorithm, false, ['verify']);
  return subtle.verify(algorithm, verifier, await subtle.sign(algorithm, key, challenge), challenge);
}
