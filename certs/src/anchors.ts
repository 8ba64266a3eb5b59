/**
 * Agent CAs as anchors beside their root. Verifying the root's signature on a tenant's CA is most of the work of a
 * handshake, and it is the same signature each time: here it is verified once, by whoever makes the list.
 */
import { X509Certificate } from 'node:crypto';
import { caProfile } from './ca-profile.ts';
import { isSignedBy } from './cross.ts';
import { readCertificate } from './contents.ts';
import { certificatesInPem } from './pem.ts';

/** Of `casPem`, those that are agent CAs and that one of `rootsPem` has signed. Never throws for bad input. */
export function directAnchors(casPem: readonly string[], rootsPem: readonly string[]): string[] {
  return casPem.filter((pem) => {
    const [der, ...more] = certificatesInPem(pem);
    if (der === undefined || more.length > 0) return false;
    const contents = readCertificate(der);
    if (!contents.ok || caProfile(contents.value)?.kind !== 'agent-ca') return false;
    const certificate = new X509Certificate(der);
    return rootsPem.some((rootPem) => isSignedBy(certificate, rootPem));
  });
}
