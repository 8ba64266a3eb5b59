/** What the certificates of a PEM file say, as plain values for a table or JSON. Reads only; verifies nothing. */
import { X509Certificate, createHash } from 'node:crypto';
import { caProfile } from './ca-profile.ts';
import { readCertificate } from './contents.ts';
import { certificatesInPem } from './pem.ts';
import { accept, refuse, type Result } from './result.ts';

/** One certificate. Texts come from the certificate and may hold anything: escape them before a terminal. */
export interface CertificateSummary {
  subject: string;
  issuer: string;
  serial: string;
  /** `server-root`, `agent-root`, `server-ca`, `agent-ca`, or null when it is an end certificate or not ours. */
  kind: string | null;
  /** `type:value`. */
  names: string[];
  /** Names where known, else object identifiers; null: not limited. */
  extendedKeyUsage: string[] | null;
  notBefore: string;
  notAfter: string;
  keyId: string | null;
  issuerKeyId: string | null;
  /** What a join token would carry for this certificate as root. */
  pin: string;
}

const PURPOSES: ReadonlyMap<string, string> = new Map([
  ['1.3.6.1.5.5.7.3.1', 'serverAuth'],
  ['1.3.6.1.5.5.7.3.2', 'clientAuth'],
]);

/** Summaries of the certificates in `text`, in order. */
export function inspectPem(text: string): Result<CertificateSummary[], 'NO_CERTIFICATE' | 'CERTIFICATE_MALFORMED'> {
  const blocks = certificatesInPem(text);
  if (blocks.length === 0) return refuse('NO_CERTIFICATE', 'there is no PEM certificate in the file');
  const summaries: CertificateSummary[] = [];
  for (const [index, der] of blocks.entries()) {
    const summary = summarise(der);
    if (summary === null) return refuse('CERTIFICATE_MALFORMED', `certificate ${index + 1} cannot be read`);
    summaries.push(summary);
  }
  return accept(summaries);
}

function summarise(der: Uint8Array): CertificateSummary | null {
  const contents = readCertificate(der);
  const printed = printedNames(der);
  if (!contents.ok || printed === null) return null;
  const { serial, names, extendedKeyUsage, notBefore, notAfter, keyId, issuerKeyId, publicKey } = contents.value;
  return {
    ...printed,
    serial,
    kind: caProfile(contents.value)?.kind ?? null,
    names: names.map((name) => `${name.type}:${name.value}`),
    extendedKeyUsage: extendedKeyUsage?.map((oid) => PURPOSES.get(oid) ?? oid) ?? null,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    keyId,
    issuerKeyId,
    pin: createHash('sha256').update(publicKey).digest('hex').slice(0, 32),
  };
}

/** Distinguished names as OpenSSL prints them, one line each. */
function printedNames(der: Uint8Array): { subject: string; issuer: string } | null {
  try {
    const { subject, issuer } = new X509Certificate(der);
    const line = (name: string | undefined) => (name ?? '').split('\n').join(', ');
    return { subject: line(subject), issuer: line(issuer) };
  } catch {
    return null;
  }
}
