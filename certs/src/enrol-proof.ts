/**
 * Proofs on the enrol listener: a key signs the server's nonce together with the request, so a request that was recorded
 * once is worth nothing again. The new key proves itself at every enrolment and renewal, and at a renewal the key of the
 * certificate before it does too. ECDSA P-256 with SHA-256, IEEE P1363, base64, over
 * `<purpose>\n<nonce>\n<sha256 hex of the CSR DER>` (declared at EnrolRequest and RenewRequest).
 */
import { createPrivateKey, sign, verify } from 'node:crypto';
import { readPublicKey } from './keys.ts';
import { requestDigest, type VerifiedRequest } from './request.ts';

const SIGNATURE_BYTES = 64;
/** What a signature is for: one of the other kind is worth nothing. */
const PURPOSE = { enrol: 'casare-enrol-v1', renew: 'casare-renew-v1' } as const;

/** Signs the proof with the agent's new key (PKCS#8 PEM). */
export function signEnrolProof(privateKeyPem: string, nonce: string, csr: Uint8Array): string {
  return signProof('enrol', privateKeyPem, nonce, csr);
}

/** Whether `proof` is the proof of the verified request's key over `nonce`. Never throws for bad input. */
export function verifyEnrolProof(request: VerifiedRequest, nonce: string, proof: string): boolean {
  return verifyProof('enrol', request.publicKey, nonce, request.digest, proof);
}

/** Signs the proof with the key (PKCS#8 PEM) of the certificate that is to be followed. */
export function signRenewProof(oldPrivateKeyPem: string, nonce: string, csr: Uint8Array): string {
  return signProof('renew', oldPrivateKeyPem, nonce, csr);
}

/**
 * Whether `proof` was made by the key of `oldPublicKey` (SubjectPublicKeyInfo, DER, out of a certificate), over `nonce`
 * and the verified request. Never throws for bad input.
 */
export function verifyRenewProof(
  oldPublicKey: Uint8Array,
  request: VerifiedRequest,
  nonce: string,
  proof: string,
): boolean {
  const key = readPublicKey(oldPublicKey, ['P-256']);
  return key.ok && verifyProof('renew', key.value.publicKey, nonce, request.digest, proof);
}

type Purpose = keyof typeof PURPOSE;

function signProof(purpose: Purpose, privateKeyPem: string, nonce: string, csr: Uint8Array): string {
  const key = createPrivateKey(privateKeyPem);
  const signed = message(purpose, nonce, requestDigest(csr));
  return sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }).toString('base64');
}

function verifyProof(purpose: Purpose, publicKey: Uint8Array, nonce: string, digest: string, proof: string): boolean {
  const signature = Buffer.from(proof, 'base64');
  if (signature.length !== SIGNATURE_BYTES || signature.toString('base64') !== proof) return false;
  const key = { key: Buffer.from(publicKey), format: 'der', type: 'spki', dsaEncoding: 'ieee-p1363' } as const;
  return verify('sha256', message(purpose, nonce, digest), key, signature);
}

function message(purpose: Purpose, nonce: string, digest: string): Buffer {
  return Buffer.from(`${PURPOSE[purpose]}\n${nonce}\n${digest}`, 'utf8');
}
