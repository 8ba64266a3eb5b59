/** Certificates and other foreign texts, for people: one line without control characters. */
import { X509Certificate } from 'node:crypto';

/** Who issued the leaf of a chain. */
export function issuerOf(chain: readonly Uint8Array[]): string {
  try {
    const leaf = chain[0];
    if (leaf === undefined) return 'no certificate';
    return printable(new X509Certificate(leaf).issuer);
  } catch {
    return 'a certificate that cannot be read';
  }
}

export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ', ').slice(0, 200);
}
