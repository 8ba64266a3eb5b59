/**
 * Cross-certifying: the key of a new server root, certified by the root before it. A verifier that knows only the old
 * root builds leaf, server CA, cross certificate, old root; one that knows the new root builds leaf, server CA, new
 * root, out of the same chain. The cross certificate is no anchor for anybody, and no signer opens it as a CA.
 *
 * The order of a presented chain matters: OpenSSL takes the first issuer that fits and never tries another, so behind
 * the server CA the cross certificate comes BEFORE any root (`presentedChain`).
 */
import { X509Certificate } from 'node:crypto';
import { caProfile } from './ca-profile.ts';
import { caExtensions, signCertificate, type Issued, type Issuer, type Random } from './certificate.ts';
import { readCertificate } from './contents.ts';
import { certificatesInPem } from './pem.ts';
import { refuse, type Result } from './result.ts';
import { ExtendedKeyUsage, Name } from './x509.ts';

export interface CrossOptions {
  /** The new root's own certificate, PEM. */
  root: string;
  now: Date;
  random?: Random | undefined;
}

export type CrossCode = 'ISSUER_EXPIRED' | 'ROOT_REFUSED';

/** Below it stands the server CA, and nothing else. */
const PATH_LENGTH = 1;

/** Certifies the key of `root` by `old`. It ends with whichever of the two roots ends first. */
export async function createCrossCertificate(old: Issuer, options: CrossOptions): Promise<Result<Issued, CrossCode>> {
  const der = certificatesInPem(options.root)[0] ?? new Uint8Array();
  const contents = readCertificate(der);
  if (!contents.ok) return refuse('ROOT_REFUSED', contents.message);
  const { subject, publicKey, notAfter, keyId } = contents.value;
  if (caProfile(contents.value)?.kind !== 'server-root' || !isSelfSigned(der)) {
    return refuse('ROOT_REFUSED', 'only a self-signed server root can be cross-certified');
  }
  if (keyId === old.contents.keyId) return refuse('ROOT_REFUSED', 'a root does not cross-certify itself');
  const blueprint = {
    subject: new Name(Uint8Array.from(subject)),
    publicKey,
    now: options.now,
    lifetimeMs: notAfter.getTime() - options.now.getTime(),
    extensions: caExtensions(PATH_LENGTH, ExtendedKeyUsage.serverAuth),
  };
  if (blueprint.lifetimeMs <= 0) return refuse('ROOT_REFUSED', 'the new root has expired');
  return signCertificate(blueprint, old, options.random);
}

/** Whether the certificate's own key signed it: only such a one can be an anchor. */
export function isSelfSigned(der: Uint8Array): boolean {
  try {
    const certificate = new X509Certificate(der);
    return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
  } catch {
    return false;
  }
}

/** OpenSSL's word for it: names and key identifiers fit, and the signature is right. */
export function isSignedBy(certificate: X509Certificate, rootPem: string): boolean {
  try {
    const root = new X509Certificate(rootPem);
    return certificate.checkIssued(root) && certificate.verify(root.publicKey);
  } catch {
    return false;
  }
}

/** What a listener presents, PEM: leaf, server CA, then the cross certificate of its root while there is one. */
export function presentedChain(leaf: string, serverCa: string, cross: string | null): string {
  return `${leaf}${serverCa}${cross ?? ''}`;
}
