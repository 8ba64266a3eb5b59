/**
 * What a certificate says, read by ASN.1 and never from a comma-joined text (CVE-2021-44532). The bytes must be strict
 * DER first; extensions may not repeat. Nothing here checks a signature or a path: OpenSSL does that, in the handshake.
 */
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  KeyUsage,
  NameConstraints,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  type Extension,
  type GeneralName,
} from '@peculiar/asn1-x509';
import { readDer, TAG, type DerNode } from './der.ts';
import { accept, refuse, type Result } from './result.ts';

/** A name of the subject: its ASN.1 choice, and its text where that choice has one. */
export interface SubjectName {
  type: 'uri' | 'dns' | 'ip' | 'email' | 'other';
  value: string;
}

/** The host a URI-constrained CA may issue for, and whether OpenSSL must enforce it. */
export interface ReadNameConstraints {
  critical: boolean;
  permittedUriHosts: string[];
}

export interface CertificateContents {
  der: Uint8Array;
  /** Lower-case hex of the serial number's content, without a sign octet. */
  serial: string;
  /** DER of the names, as they stand in the certificate. */
  subject: Uint8Array;
  issuer: Uint8Array;
  notBefore: Date;
  notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Uint8Array;
  ca: boolean;
  pathLength: number | null;
  keyUsage: string[];
  /** Object identifiers; null when the extension is absent, which means any purpose. */
  extendedKeyUsage: string[] | null;
  names: SubjectName[];
  /** Subject key identifier, hex. */
  keyId: string | null;
  /** Authority key identifier, hex. */
  issuerKeyId: string | null;
  nameConstraints: ReadNameConstraints | null;
}

/** Four times what this package issues. */
const MAX_CERTIFICATE_BYTES = 8_192;
const MAX_EXTENSIONS = 20;
const MAX_SERIAL_BYTES = 20;

/** Reads an X.509 v3 certificate. Never throws for bad input. */
export function readCertificate(der: Uint8Array): Result<CertificateContents, 'CERTIFICATE_MALFORMED'> {
  const root = readDer(der, MAX_CERTIFICATE_BYTES);
  if (!root.ok) return malformed(root.message);
  try {
    return readFields(root.value);
  } catch {
    return malformed('a field is not what X.509 says');
  }
}

function readFields(root: DerNode): Result<CertificateContents, 'CERTIFICATE_MALFORMED'> {
  const [version, serial, , issuer, validity, subject, publicKey] = root.children[0]?.children ?? [];
  if (version?.tag !== 0xa0 || !serial || !issuer || !subject || !publicKey)
    return malformed('not a version 3 certificate');
  const [notBefore, notAfter] = (validity?.children ?? []).map(readTime);
  if (!notBefore || !notAfter) return malformed('a date is not one');
  const serialText = readSerial(serial);
  if (serialText === null) return malformed('the serial number is not a positive integer of at most 20 bytes');
  const { tbsCertificate } = AsnConvert.parse(root.raw, Certificate);
  const extensions = new Map((tbsCertificate.extensions ?? []).map((extension) => [extension.extnID, extension]));
  if (extensions.size !== (tbsCertificate.extensions ?? []).length) return malformed('an extension stands twice');
  if (extensions.size > MAX_EXTENSIONS) return malformed('too many extensions');
  return accept({
    der: root.raw,
    serial: serialText,
    subject: subject.raw,
    issuer: issuer.raw,
    notBefore,
    notAfter,
    publicKey: publicKey.raw,
    ...readExtensions(extensions),
  });
}

function readExtensions(extensions: ReadonlyMap<string, Extension>) {
  const constraints = parse(extensions, id_ce_basicConstraints, BasicConstraints);
  const alternatives = parse(extensions, id_ce_subjectAltName, SubjectAlternativeName);
  const purposes = parse(extensions, id_ce_extKeyUsage, ExtendedKeyUsage);
  const keyId = parse(extensions, id_ce_subjectKeyIdentifier, SubjectKeyIdentifier);
  const issuerKeyId = parse(extensions, id_ce_authorityKeyIdentifier, AuthorityKeyIdentifier)?.keyIdentifier;
  return {
    ca: constraints?.cA ?? false,
    pathLength: constraints?.pathLenConstraint ?? null,
    keyUsage: parse(extensions, id_ce_keyUsage, KeyUsage)?.toJSON() ?? [],
    extendedKeyUsage: purposes === null ? null : [...purposes],
    names: [...(alternatives ?? [])].map(subjectName),
    keyId: keyId === null ? null : Buffer.from(keyId.buffer).toString('hex'),
    issuerKeyId: issuerKeyId === undefined ? null : Buffer.from(issuerKeyId.buffer).toString('hex'),
    nameConstraints: readNameConstraints(extensions),
  };
}

function readNameConstraints(extensions: ReadonlyMap<string, Extension>): ReadNameConstraints | null {
  const constraints = parse(extensions, id_ce_nameConstraints, NameConstraints);
  if (constraints === null) return null;
  const permitted = [...(constraints.permittedSubtrees ?? [])].map((subtree) => subtree.base.uniformResourceIdentifier);
  return {
    critical: extensions.get(id_ce_nameConstraints)?.critical ?? false,
    permittedUriHosts: permitted.filter((host) => host !== undefined),
  };
}

/** The extension's value read as `type`, null when it is absent. Throws when it is not strict DER or not that type. */
function parse<T>(extensions: ReadonlyMap<string, Extension>, oid: string, type: new () => T): T | null {
  const extension = extensions.get(oid);
  if (extension === undefined) return null;
  const value = readDer(new Uint8Array(extension.extnValue.buffer), MAX_CERTIFICATE_BYTES);
  if (!value.ok) throw new Error(value.message);
  return AsnConvert.parse(value.value.raw, type);
}

function subjectName(name: GeneralName): SubjectName {
  if (name.uniformResourceIdentifier !== undefined) return { type: 'uri', value: name.uniformResourceIdentifier };
  if (name.dNSName !== undefined) return { type: 'dns', value: name.dNSName };
  if (name.iPAddress !== undefined) return { type: 'ip', value: name.iPAddress };
  if (name.rfc822Name !== undefined) return { type: 'email', value: name.rfc822Name };
  return { type: 'other', value: '' };
}

function readSerial(node: DerNode): string | null {
  const first = node.content[0];
  const second = node.content[1] ?? 0;
  if (node.tag !== TAG.integer || first === undefined || first > 0x7f) return null;
  if (first === 0 && second < 0x80) return null;
  const digits = first === 0 ? node.content.subarray(1) : node.content;
  return digits.length > MAX_SERIAL_BYTES ? null : Buffer.from(digits).toString('hex');
}

/** UTCTime up to 2049, GeneralizedTime after, both to the second and in UTC (RFC 5280 section 4.1.2.5). */
function readTime(node: DerNode): Date | null {
  const text = Buffer.from(node.content).toString('latin1');
  const utc = node.tag === TAG.utcTime && /^\d{12}Z$/.test(text);
  if (!utc && !(node.tag === TAG.generalizedTime && /^\d{14}Z$/.test(text))) return null;
  const digits = utc ? `${text < '5' ? '20' : '19'}${text}` : text;
  const iso = digits.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) || time.toISOString() !== iso ? null : time;
}

function malformed(why: string) {
  return refuse('CERTIFICATE_MALFORMED', `the certificate cannot be read: ${why}`);
}
