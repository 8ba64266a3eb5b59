/**
 * What a certificate says, read by ASN.1 and never from a comma-joined text (CVE-2021-44532). The bytes must be strict
 * DER first; extensions may not repeat. Nothing here checks a signature or a path: OpenSSL does that, in the handshake.
 */
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  NameConstraints,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
} from '@peculiar/asn1-x509';
import { readDer, TAG, type DerNode } from './der.ts';
import {
  readAlternativeNames,
  readAuthorityKeyId,
  readBasicConstraints,
  readExtendedKeyUsage,
  readExtensionList,
  readKeyUsage,
  readSubjectKeyId,
  type ReadExtension,
  type SubjectName,
} from './extensions.ts';
import { accept, refuse, type Result } from './result.ts';

export type { SubjectName };

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
const MAX_SERIAL_BYTES = 20;
/** An algorithm and a bit string: a signature after what it signs, and a public key. */
const SIGNED = `${TAG.sequence},${TAG.bitString}`;

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
  const [certificate, ...signed] = root.children;
  const [version, serial, algorithm, issuer, validity, subject, publicKey, ...rest] = certificate?.children ?? [];
  if (root.tag !== TAG.sequence || certificate?.tag !== TAG.sequence || tagsOf(signed) !== SIGNED)
    return malformed('not a signed certificate');
  const fields = [algorithm, issuer, validity, subject, publicKey];
  if (version?.tag !== 0xa0 || version.children[0]?.content[0] !== 2 || !serial || !issuer || !subject || !publicKey)
    return malformed('not a version 3 certificate');
  if (fields.some((field) => field?.tag !== TAG.sequence) || tagsOf(publicKey.children) !== SIGNED)
    return malformed('a field is of another type');
  const [notBefore, notAfter] = (validity?.children ?? []).map(readTime);
  if (!notBefore || !notAfter || validity?.children.length !== 2) return malformed('a date is not one');
  const serialText = readSerial(serial);
  if (serialText === null) return malformed('the serial number is not a positive integer of at most 20 bytes');
  return accept({
    der: root.raw,
    serial: serialText,
    subject: subject.raw,
    issuer: issuer.raw,
    notBefore,
    notAfter,
    publicKey: publicKey.raw,
    ...readExtensions(readExtensionList(rest)),
  });
}

function readExtensions(extensions: ReadonlyMap<string, ReadExtension>) {
  const read = <T>(oid: string, reader: (value: Uint8Array) => T): T | null => {
    const extension = extensions.get(oid);
    return extension === undefined ? null : reader(extension.value);
  };
  return {
    ca: false,
    pathLength: null,
    ...read(id_ce_basicConstraints, readBasicConstraints),
    keyUsage: read(id_ce_keyUsage, readKeyUsage) ?? [],
    extendedKeyUsage: read(id_ce_extKeyUsage, readExtendedKeyUsage),
    names: read(id_ce_subjectAltName, readAlternativeNames) ?? [],
    keyId: read(id_ce_subjectKeyIdentifier, readSubjectKeyId),
    issuerKeyId: read(id_ce_authorityKeyIdentifier, readAuthorityKeyId),
    nameConstraints: readNameConstraints(extensions.get(id_ce_nameConstraints)),
  };
}

/** Only CAs have them, and those are read seldom. */
function readNameConstraints(extension: ReadExtension | undefined): ReadNameConstraints | null {
  if (extension === undefined) return null;
  const value = readDer(extension.value, MAX_CERTIFICATE_BYTES);
  if (!value.ok) throw new Error(value.message);
  const { permittedSubtrees } = AsnConvert.parse(value.value.raw, NameConstraints);
  const permitted = [...(permittedSubtrees ?? [])].map((subtree) => subtree.base.uniformResourceIdentifier);
  return { critical: extension.critical, permittedUriHosts: permitted.filter((host) => host !== undefined) };
}

function tagsOf(nodes: readonly DerNode[]): string {
  return nodes.map((node) => node.tag).join();
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
  const number = (from: number, to: number): number => Number(digits.slice(from, to));
  const [year, month, day] = [number(0, 4), number(4, 6) - 1, number(6, 8)];
  const [hour, minute, second] = [number(8, 10), number(10, 12), number(12, 14)];
  const time = new Date(Date.UTC(year, month, day, hour, minute, second));
  // What is no day or no time, such as 30 February, becomes another one; years before 100 become those of 1900.
  const days = time.getUTCFullYear() === year && time.getUTCMonth() === month && time.getUTCDate() === day;
  return days && hour < 24 && minute < 60 && second < 60 ? time : null;
}

function malformed(why: string) {
  return refuse('CERTIFICATE_MALFORMED', `the certificate cannot be read: ${why}`);
}
