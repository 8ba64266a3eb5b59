/**
 * The one suite of HPKE (RFC 9180) that secrets are sealed by: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. All
 * of it is WebCrypto's, so it runs in Node and in browsers; the library puts the parts together as the RFC says.
 */
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';

/** Of a public key, a private key, and the encapsulated key in front of each ciphertext. */
export const KEY_BYTES = 32;

export const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** Of a buffer of their own, as WebCrypto takes them. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.codePointAt(0)!);
}

export function base64Of(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(''));
}
