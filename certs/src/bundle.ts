/** The bundle: the server roots that an agent trusts gateways by. Both ends name one by its digest. */
import { createHash } from 'node:crypto';
import { certificatesInPem } from './pem.ts';

/**
 * SHA-256, lower-case hex, over the sorted SHA-256 digests of the certificates' DER: the order of the roots and the
 * layout of the PEM do not matter. `roots` is PEM text, each with one certificate or more.
 */
export function bundleDigest(roots: readonly string[]): string {
  const digests = roots.flatMap((pem) => certificatesInPem(pem)).map((der) => sha256(der));
  return sha256([...new Set(digests)].toSorted().join('\n'));
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
