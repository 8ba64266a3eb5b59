/**
 * The enrolment proof: the new key signs the server's nonce together with the request, so a request that was recorded
 * once cannot enrol again. ECDSA P-256 with SHA-256, IEEE P1363, base64, over
 * `casare-enrol-v1\n<nonce>\n<sha256 hex of the CSR DER>` (declared at EnrolRequest).
 */
import { createPrivateKey, sign, verify } from 'node:crypto';
import { requestDigest, type VerifiedRequest } from './request.ts';

const SIGNATURE_BYTES = 64;

/** Signs the proof with the agent's new key (PKCS#8 PEM). */
export function signEnrolProof(privateKeyPem: string, nonce: string, csr: Uint8Array): string {
  const key = createPrivateKey(privateKeyPem);
  return sign('sha256', message(nonce, requestDigest(csr)), { key, dsaEncoding: 'ieee-p1363' }).toString('base64');
}

/** Whether `proof` is the proof of the verified request's key over `nonce`. Never throws for bad input. */
export function verifyEnrolProof(request: VerifiedRequest, nonce: string, proof: string): boolean {
  const signature = Buffer.from(proof, 'base64');
  if (signature.length !== SIGNATURE_BYTES || signature.toString('base64') !== proof) return false;
  const key = { key: Buffer.from(request.publicKey), format: 'der', type: 'spki', dsaEncoding: 'ieee-p1363' } as const;
  return verify('sha256', message(nonce, request.digest), key, signature);
}

function message(nonce: string, digest: string): Buffer {
  return Buffer.from(`casare-enrol-v1\n${nonce}\n${digest}`, 'utf8');
}
