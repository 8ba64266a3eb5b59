/** PEM text (RFC 7468) to DER and back, for certificates and keys. */

/** More certificates than any chain or bundle of this product holds. */
const MAX_CERTIFICATES = 100;
const MAX_PEM_BYTES = 1_048_576;

export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST' | 'PRIVATE KEY' | 'ENCRYPTED PRIVATE KEY';

/** One PEM block with a final line end. */
export function toPem(label: PemLabel, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The DER of the CERTIFICATE blocks in `text`, in order: at most 100 of them, none when the text is over 1 MiB. */
export function certificatesInPem(text: string): Uint8Array[] {
  if (text.length > MAX_PEM_BYTES) return [];
  const blocks = text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g);
  return [...blocks.take(MAX_CERTIFICATES)].map((block) => Buffer.from(block[1] ?? '', 'base64'));
}

/** The DER of the first certificate request in `text`; nothing when there is none. */
export function requestInPem(text: string): Uint8Array {
  if (text.length > MAX_PEM_BYTES) return new Uint8Array();
  const block = /-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE REQUEST-----/.exec(text);
  return Buffer.from(block?.[1] ?? '', 'base64');
}
