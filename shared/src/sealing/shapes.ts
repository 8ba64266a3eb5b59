/** What of sealing crosses between processes: texts that everybody may see. */
import { z } from 'zod';

/** X25519 (RFC 7748), 32 bytes in base64. */
export const SealingPublicKey = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'is no public key of 32 bytes in base64');

/** `sha256:` and the digest of the public key, lower-case hex. */
export const SealingFingerprint = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'is no fingerprint: `sha256:` and 64 hex digits');

/** The encapsulated key and the ciphertext, base64. The largest value has 32,768 characters of up to 6 bytes as JSON. */
export const Sealed = z.base64().min(64).max(400_000);
