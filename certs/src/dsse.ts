/**
 * Signed envelopes: DSSE 1.0 (github.com/secure-systems-lab/dsse). What is signed is the type and the bytes of a payload,
 * so that the bytes are read only after their signature was found good. Ed25519, or ECDSA on P-256 with SHA-256 (DER).
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { SignatureEnvelope } from '@casare/shared/protocol';
import { accept, refuse, type Result } from './result.ts';

/** A key that judges signatures. `fingerprint` is `sha256:` and the SHA-256 of its SubjectPublicKeyInfo, hex. */
export interface VerifyKey {
  readonly fingerprint: string;
  readonly key: KeyObject;
}

/** A key that signs. */
export interface SigningKey {
  readonly fingerprint: string;
  readonly key: KeyObject;
}

/** Reads a public key, PEM; the public half of a private key too. */
export function readVerifyKey(pem: string): Result<VerifyKey, 'SIGNING_KEY_REFUSED'> {
  try {
    return judged(createPublicKey(pem));
  } catch {
    return refuse('SIGNING_KEY_REFUSED', 'it is no public key in PEM');
  }
}

/** Reads a private key, PEM (PKCS#8), also an encrypted one. */
export function readSigningKey(pem: string, passphrase?: string): Result<SigningKey, 'SIGNING_KEY_REFUSED'> {
  try {
    const key = createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
    const judgement = judged(createPublicKey(key));
    return judgement.ok ? accept({ fingerprint: judgement.value.fingerprint, key }) : judgement;
  } catch {
    const hint = pem.includes('ENCRYPTED') ? ', or its passphrase is another one' : '';
    return refuse('SIGNING_KEY_REFUSED', `it is no private key in PEM${hint}`);
  }
}

function judged(key: KeyObject): Result<VerifyKey, 'SIGNING_KEY_REFUSED'> {
  const isEd25519 = key.asymmetricKeyType === 'ed25519';
  const isP256 = key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (!isEd25519 && !isP256) return refuse('SIGNING_KEY_REFUSED', 'only keys of Ed25519 and P-256 sign workflows');
  const spki = key.export({ format: 'der', type: 'spki' });
  return accept({ fingerprint: `sha256:${createHash('sha256').update(spki).digest('hex')}`, key });
}

/** Signs a payload. */
export function seal(payloadType: string, payload: Uint8Array, { key, fingerprint }: SigningKey): SignatureEnvelope {
  const sig = sign(digestFor(key), encoded(payloadType, payload), key).toString('base64');
  return {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: fingerprint, sig }],
  };
}

/** Fingerprints of those keys that signed the envelope. What its signatures say of their keys is a hint and not looked at. */
export function signersOf(envelope: SignatureEnvelope, keys: readonly VerifyKey[]): Set<string> {
  const signed = encoded(envelope.payloadType, Buffer.from(envelope.payload, 'base64'));
  const good = keys.filter(({ key }) => envelope.signatures.some(({ sig }) => isGood(key, signed, sig)));
  return new Set(good.map(({ fingerprint }) => fingerprint));
}

function isGood(key: KeyObject, signed: Uint8Array, sig: string): boolean {
  try {
    return verify(digestFor(key), signed, key, Buffer.from(sig, 'base64'));
  } catch {
    // bytes that are no signature of this kind
    return false;
  }
}

function digestFor(key: KeyObject): 'sha256' | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
}

/** PAE: lengths are part of it, so that nothing of the type can pass for the payload. */
function encoded(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType, 'utf8');
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}
