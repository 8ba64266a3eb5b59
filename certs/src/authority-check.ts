/**
 * Judges a certificate that came from outside and is to become one of our CAs: it must be what our own template would have
 * made, for the key that waits for it, signed by a root that we trust. Names in it decide nothing.
 */
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, id_ce_nameConstraints } from '@peculiar/asn1-x509';
import { X509Certificate } from 'node:crypto';
import { tenantConstraints } from './agent-ca.ts';
import { caProfile } from './ca-profile.ts';
import { readCertificate, type CertificateContents } from './contents.ts';
import { isSelfSigned, isSignedBy } from './cross.ts';
import { readPublicKey } from './keys.ts';
import { tenantHost } from './names.ts';
import { certificatesInPem, toPem } from './pem.ts';
import { accept, refuse, type Result } from './result.ts';
import type { RootKind } from './root.ts';

export interface ExpectedAuthority {
  kind: 'server_ca' | 'agent_ca';
  tenant: string | null;
  trustDomain: string;
  /** SubjectPublicKeyInfo, DER, of the key that waits. */
  publicKey: Uint8Array;
  /** Roots of this kind that we trust. */
  roots: readonly { id: string; certificatePem: string }[];
  now: Date;
}

/** A CA that was found to be good. */
export interface CheckedAuthority {
  /** The one certificate, as PEM of our own making. */
  certificate: string;
  keyId: string;
  notAfter: Date;
  /** Id of the root that signed it. */
  issuer: string;
}

/** A CA must be good for so long that it can be put to use. */
const LEAST_LIFE_MS = 86_400_000;

/** The message says what is wrong with it. */
export function checkAuthority(
  pem: string,
  expected: ExpectedAuthority,
): Result<CheckedAuthority, 'AUTHORITY_CERTIFICATE_REFUSED'> {
  const [der, ...more] = certificatesInPem(pem);
  if (der === undefined || more.length > 0) return no('it is not one certificate in PEM');
  const contents = readCertificate(der);
  if (!contents.ok) return no(contents.message);
  const wrong = faultOf(contents.value, expected);
  if (wrong !== null) return no(wrong);
  const certificate = new X509Certificate(der);
  const issuer = expected.roots.find(({ certificatePem }) => isSignedBy(certificate, certificatePem));
  if (issuer === undefined) return no('no root that is trusted here signed it');
  const { keyId, notAfter } = contents.value;
  return accept({ certificate: toPem('CERTIFICATE', der), keyId: keyId!, notAfter, issuer: issuer.id });
}

/** Judges a root that was made elsewhere. */
export function checkRoot(
  pem: string,
  kind: RootKind,
  now: Date,
): Result<Omit<CheckedAuthority, 'issuer'>, 'ROOT_REFUSED'> {
  const [der, ...more] = certificatesInPem(pem);
  if (der === undefined || more.length > 0) return refuse('ROOT_REFUSED', 'it is not one certificate in PEM');
  const contents = readCertificate(der);
  if (!contents.ok) return refuse('ROOT_REFUSED', contents.message);
  const { keyId, notAfter, notBefore, publicKey } = contents.value;
  if (caProfile(contents.value)?.kind !== `${kind}-root` || keyId === null || !isSelfSigned(der)) {
    return refuse('ROOT_REFUSED', `it is not a ${kind} root of Casare, signed by itself`);
  }
  if (!readPublicKey(publicKey, ['P-384', 'P-256']).ok)
    return refuse('ROOT_REFUSED', 'its key is not on P-384 or P-256');
  if (notAfter.getTime() < now.getTime() + LEAST_LIFE_MS || notBefore > now) {
    return refuse('ROOT_REFUSED', 'it is not good now, or ends within a day');
  }
  return accept({ certificate: toPem('CERTIFICATE', der), keyId, notAfter });
}

/** What a certificate differs in from what the template would have made; null for nothing. */
function faultOf(contents: CertificateContents, expected: ExpectedAuthority): string | null {
  const profile = caProfile(contents);
  const wanted = expected.kind === 'server_ca' ? 'server-ca' : 'agent-ca';
  if (profile?.kind !== wanted) return `it is not a ${wanted}`;
  if (contents.names.length > 0) return 'a CA has no alternative names';
  if (contents.keyUsage.some((usage) => usage !== 'keyCertSign' && usage !== 'crlSign' && usage !== 'cRLSign')) {
    return 'its key may be used for more than signing certificates';
  }
  if (Buffer.compare(contents.publicKey, expected.publicKey) !== 0)
    return 'it is for another key than the one that waits';
  if (contents.keyId === null || contents.issuerKeyId === null) return 'it lacks a key identifier';
  const { now } = expected;
  if (contents.notBefore > now || contents.notAfter.getTime() < now.getTime() + LEAST_LIFE_MS) {
    return 'it is not good now, or ends within a day';
  }
  return profile.kind === 'agent-ca' ? tenantFault(contents, profile, expected) : null;
}

/** The name constraints are compared byte by byte: without each of the exclusions such a CA could make a gateway. */
function tenantFault(
  { der }: CertificateContents,
  profile: { tenant: string; trustDomain: string },
  { tenant, trustDomain }: ExpectedAuthority,
): string | null {
  if (profile.tenant !== tenant || profile.trustDomain !== trustDomain) return 'it is for another tenant';
  const { extensions = [] } = AsnConvert.parse(der, Certificate).tbsCertificate;
  const found = extensions.find(({ extnID }) => extnID === id_ce_nameConstraints);
  const wanted = tenantConstraints(tenantHost(tenant, trustDomain));
  const same = found && Buffer.compare(Buffer.from(found.extnValue.buffer), Buffer.from(wanted.value)) === 0;
  return same ? null : 'its name constraints are not exactly those of the template';
}

function no(why: string): Result<never, 'AUTHORITY_CERTIFICATE_REFUSED'> {
  return refuse('AUTHORITY_CERTIFICATE_REFUSED', why);
}
