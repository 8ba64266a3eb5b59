/**
 * CA keys at rest: AES-256-GCM under a 32-byte master key that lives outside the database. The text is
 * `casare-key-v1.<nonce>.<ciphertext and tag>` (base64url); the CA's id is authenticated with it, so a sealed key
 * moved to another CA's row does not open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { accept, refuse, type Result } from './result.ts';

const VERSION = 'casare-key-v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A sealed P-384 PKCS#8 key is about 300 characters. */
const MAX_TEXT = 4_096;
export const MASTER_KEY_BYTES = 32;

/**
 * Seals a PKCS#8 private key for storage beside the CA `caId`. Throws when the master key is not 32 bytes.
 * Random nonces bound one master key to about 2^32 sealings; a CA is sealed once.
 */
export function sealKey(privateKey: Uint8Array, masterKey: Uint8Array, caId: string): string {
  checkMasterKey(masterKey);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(caId));
  const sealed = Buffer.concat([cipher.update(privateKey), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${nonce.toString('base64url')}.${sealed.toString('base64url')}`;
}

/** Opens what `sealKey` made. A wrong master key, a changed text and another CA's id cannot be told apart. */
export function openKey(
  sealed: string,
  masterKey: Uint8Array,
  caId: string,
): Result<Uint8Array, 'SEALED_KEY_MALFORMED' | 'SEALED_KEY_REFUSED'> {
  checkMasterKey(masterKey);
  const [version, nonceText, bodyText, ...rest] = sealed.length <= MAX_TEXT ? sealed.split('.') : [];
  const nonce = Buffer.from(nonceText ?? '', 'base64url');
  const body = Buffer.from(bodyText ?? '', 'base64url');
  if (version !== VERSION || rest.length > 0 || nonce.length !== NONCE_BYTES || body.length <= TAG_BYTES) {
    return refuse('SEALED_KEY_MALFORMED', `the sealed key of CA ${caId} is not a ${VERSION} text`);
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(caId));
    decipher.setAuthTag(body.subarray(-TAG_BYTES));
    return accept(Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()]));
  } catch {
    return refuse(
      'SEALED_KEY_REFUSED',
      `the key of CA ${caId} does not open: wrong master key, or the row was changed`,
    );
  }
}

function checkMasterKey(masterKey: Uint8Array): void {
  if (masterKey.length !== MASTER_KEY_BYTES) {
    throw new RangeError(`the master key has ${masterKey.length} bytes, it must have ${MASTER_KEY_BYTES}`);
  }
}

function additionalData(caId: string): Buffer {
  return Buffer.from(`${VERSION}\n${caId}`, 'utf8');
}
