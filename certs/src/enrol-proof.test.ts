import { createHash, createPublicKey, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { signEnrolProof, signRenewProof, verifyEnrolProof, verifyRenewProof } from './enrol-proof.ts';
import { createRequest, readRequest } from './request.ts';
import { must } from './world.fixture.ts';

const NONCE = 'bm9uY2Utbm9uY2Utbm9uY2U';

test('a proof is the signature the protocol describes, and verifies', async () => {
  const made = await createRequest();
  const request = must(readRequest(made.csr));
  const proof = signEnrolProof(made.privateKeyPem, NONCE, made.csr);
  expect(verifyEnrolProof(request, NONCE, proof)).toBe(true);
  // The message, spelled out once more from the contract.
  const message = `casare-enrol-v1\n${NONCE}\n${createHash('sha256').update(made.csr).digest('hex')}`;
  const key = createPublicKey({ key: Buffer.from(request.publicKey), format: 'der', type: 'spki' });
  const signature = Buffer.from(proof, 'base64');
  expect(signature.length).toBe(64);
  expect(verify('sha256', Buffer.from(message), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
});

test('another nonce, another request, another key and garbage are refused', async () => {
  const [made, other] = [await createRequest(), await createRequest()];
  const [request, foreign] = [must(readRequest(made.csr)), must(readRequest(other.csr))];
  const proof = signEnrolProof(made.privateKeyPem, NONCE, made.csr);
  expect(verifyEnrolProof(request, `${NONCE}x`, proof)).toBe(false);
  expect(verifyEnrolProof(request, NONCE, signEnrolProof(made.privateKeyPem, NONCE, other.csr))).toBe(false);
  expect(verifyEnrolProof(foreign, NONCE, proof)).toBe(false);
  expect(verifyEnrolProof(request, NONCE, signEnrolProof(other.privateKeyPem, NONCE, made.csr))).toBe(false);
  for (const text of [
    '',
    'x',
    'A'.repeat(88),
    Buffer.alloc(64).toString('base64'),
    `${proof}\n`,
    proof.replace(/=+$/, ''),
  ]) {
    expect(verifyEnrolProof(request, NONCE, text)).toBe(false);
  }
});

test('a renewal is proven by the old key, for this purpose alone', async () => {
  const [made, old] = [await createRequest(), await createRequest()];
  const [request, holder] = [must(readRequest(made.csr)), must(readRequest(old.csr))];
  const proof = signRenewProof(old.privateKeyPem, NONCE, made.csr);
  expect(verifyRenewProof(holder.publicKey, request, NONCE, proof)).toBe(true);
  const message = `casare-renew-v1\n${NONCE}\n${createHash('sha256').update(made.csr).digest('hex')}`;
  const key = createPublicKey({ key: Buffer.from(holder.publicKey), format: 'der', type: 'spki' });
  const given = { key, dsaEncoding: 'ieee-p1363' } as const;
  expect(verify('sha256', Buffer.from(message), given, Buffer.from(proof, 'base64'))).toBe(true);
  // The same signature as a proof of enrolment, and one of enrolment here; another nonce, request, key; no key at all.
  expect(verifyEnrolProof({ ...request, publicKey: holder.publicKey }, NONCE, proof)).toBe(false);
  const enrolment = signEnrolProof(old.privateKeyPem, NONCE, made.csr);
  expect(verifyRenewProof(holder.publicKey, request, NONCE, enrolment)).toBe(false);
  expect(verifyRenewProof(holder.publicKey, request, `${NONCE}x`, proof)).toBe(false);
  expect(verifyRenewProof(holder.publicKey, holder, NONCE, proof)).toBe(false);
  expect(verifyRenewProof(request.publicKey, request, NONCE, proof)).toBe(false);
  expect(verifyRenewProof(new Uint8Array(3), request, NONCE, proof)).toBe(false);
});
