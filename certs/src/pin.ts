/**
 * The pin of a server root: the first 32 hex digits of the SHA-256 of its SubjectPublicKeyInfo. It travels in the join
 * token and lets an agent that trusts nobody yet find its root in the chain a listener sends.
 *
 * A root is public: that somebody SENDS it proves nothing. The agent takes the pinned root out of a first connection
 * and connects again with that root as its only anchor; OpenSSL then verifies the chain, and only then the token is sent.
 */
import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { readCertificate } from './contents.ts';
import { isSelfSigned } from './cross.ts';
import { certificatesInPem, toPem } from './pem.ts';

/** Longest chain looked at. */
const MAX_CHAIN = 10;

/** The pin of a certificate (PEM or DER). Throws when it cannot be read: it is meant for our own root. */
export function pinOf(certificate: string | Uint8Array): string {
  const der = typeof certificate === 'string' ? certificatesInPem(certificate)[0] : certificate;
  const pin = der === undefined ? null : pinOfDer(der);
  if (pin === null) throw new Error('the certificate to pin cannot be read');
  return pin;
}

/**
 * The root with `pin` in a chain (PEM text, or DER each), as PEM; null when it is not among the first 10. It must have
 * signed itself: while roots rotate, the same key also stands in a cross certificate, which is no anchor.
 */
export function findPinned(chain: string | readonly Uint8Array[], pin: string): string | null {
  const certificates = typeof chain === 'string' ? certificatesInPem(chain) : chain;
  const found = certificates.slice(0, MAX_CHAIN).find((der) => pinOfDer(der, true) === pin && isSelfSigned(der));
  return found === undefined ? null : toPem('CERTIFICATE', found);
}

/** Whether the chain holds the pinned root. Not a proof of who sent it: see above. */
export function matchesPin(chain: string | readonly Uint8Array[], pin: string): boolean {
  return findPinned(chain, pin) !== null;
}

/**
 * The certificates a TLS peer sent, leaf first, DER, at most 10. Node follows one path, from each to the first that may
 * have issued it: of two roots it may give only one, so who misses its pin asks the listener for all of them.
 */
export function peerChain(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next: { raw?: Uint8Array; issuerCertificate?: unknown } | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < MAX_CHAIN) {
    chain.push(next.raw);
    next = next.issuerCertificate === next ? undefined : (next.issuerCertificate as typeof next);
  }
  return chain;
}

function pinOfDer(der: Uint8Array, onlyCa = false): string | null {
  const contents = readCertificate(der);
  if (!contents.ok || (onlyCa && !contents.value.ca)) return null;
  return createHash('sha256').update(contents.value.publicKey).digest('hex').slice(0, 32);
}
