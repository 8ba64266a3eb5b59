/**
 * AES-256-GCM as secrets use it: nonce, ciphertext and tag as one text of bytes, and the data that is authenticated with
 * it. Each version of a secret has a data key of its own, which is used for one encryption.
 *
 * Invariant: what is encrypted for one tenant, secret and version opens for no other, whoever moves the rows.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = 'aes-256-gcm';

/** Which version of which secret; `id` differs when a secret was deleted and made again under its name. */
export interface Place {
  readonly tenant: string;
  readonly id: string;
  readonly name: string;
  readonly version: number;
}

/** What a version is bound to. No part can hold a line break. */
export function boundTo({ tenant, id, name, version }: Place): string {
  return ['casare-secret-v1', tenant, id, name, String(version)].join('\n');
}

export function newDataKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

export function encrypt(key: Uint8Array, plain: Uint8Array, bound: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(bound, 'utf8'));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Null when the key is another one, or key, bytes and place do not belong together: nobody can tell which. */
export function decrypt(key: Uint8Array, sealed: Uint8Array, bound: string): Buffer | null {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
  try {
    const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(bound, 'utf8'));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}
