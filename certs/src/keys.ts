/**
 * EC keys: making them, importing them for signing, and judging a public key that came from somewhere else.
 * Private keys travel as PKCS#8 DER, public keys as SubjectPublicKeyInfo DER.
 */
import { createHash, createPublicKey, generateKeyPair, webcrypto, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { accept, refuse, type Result } from './result.ts';

export type Curve = 'P-256' | 'P-384';

/** A key pair as bytes. Whoever holds it decides where `privateKey` rests: sealed (CA) or in a 0600 file (agent). */
export interface KeyPair {
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Uint8Array;
  /** PKCS#8, DER, not encrypted. */
  privateKey: Uint8Array;
}

/** OpenSSL's curve name, and the length of a DER SubjectPublicKeyInfo with an uncompressed point. */
const CURVES = {
  'P-256': { openssl: 'prime256v1', spkiBytes: 91 },
  'P-384': { openssl: 'secp384r1', spkiBytes: 120 },
} as const;

const makePair = promisify(generateKeyPair);

/** Makes a key pair on `curve` from the operating system's randomness. */
export async function generateKey(curve: Curve): Promise<KeyPair> {
  const pair = await makePair('ec', { namedCurve: CURVES[curve].openssl });
  return {
    publicKey: exportPublic(pair.publicKey),
    privateKey: pair.privateKey.export({ format: 'der', type: 'pkcs8' }),
  };
}

/** Imports a PKCS#8 key for signing only; the result cannot be exported. Throws when it is not a key on `curve`. */
export function importSigningKey(privateKey: Uint8Array, curve: Curve): Promise<webcrypto.CryptoKey> {
  const algorithm = { name: 'ECDSA', namedCurve: curve };
  return webcrypto.subtle.importKey('pkcs8', Uint8Array.from(privateKey), algorithm, false, ['sign']);
}

/**
 * Judges a foreign public key: a named curve out of `curves`, a point on it, uncompressed. Answers the canonical
 * SubjectPublicKeyInfo and the curve.
 */
export function readPublicKey(
  spki: Uint8Array,
  curves: readonly Curve[],
): Result<{ publicKey: Uint8Array; curve: Curve }, 'KEY_REFUSED'> {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const curve = curves.find((name) => key.asymmetricKeyDetails?.namedCurve === CURVES[name].openssl);
    const publicKey = exportPublic(key);
    if (curve !== undefined && publicKey.length === CURVES[curve].spkiBytes && Buffer.compare(publicKey, spki) === 0) {
      return accept({ publicKey, curve });
    }
  } catch {
    // Not a key OpenSSL can read: refused below like any other that is not allowed.
  }
  return refuse('KEY_REFUSED', `the public key is not an uncompressed point on ${curves.join(' or ')}`);
}

/**
 * The key identifier of subject and authority key identifiers: the first 20 bytes of the SHA-256 of the
 * SubjectPublicKeyInfo, hex (RFC 7093 section 2, method 4). A root's pin is the first 32 of these 40 digits.
 */
export function keyIdOf(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 40);
}

function exportPublic(key: KeyObject): Uint8Array {
  return key.export({ format: 'der', type: 'spki' });
}
