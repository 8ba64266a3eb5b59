/**
 * Certificate requests (PKCS#10, RFC 2986). The agent makes one beside its key; the server reads one with the strict
 * DER reader, proves that its sender holds the key, and keeps the public key alone: subject, extensions and attributes
 * of a request are never looked at (CVE-2021-27098).
 */
import { Pkcs10CertificateRequestGenerator } from './x509.ts';
import { createHash, verify, webcrypto } from 'node:crypto';
import { readDer, TAG, type DerNode } from './der.ts';
import { readPublicKey } from './keys.ts';
import { toPem } from './pem.ts';
import { accept, refuse, type Result } from './result.ts';

/** A new key and the request for a certificate on it. */
export interface NewRequest {
  /** P-256, PKCS#8, PEM, not encrypted: it never leaves the agent. */
  privateKeyPem: string;
  /** The same key, DER. */
  privateKey: Uint8Array;
  /** PKCS#10, DER. */
  csr: Uint8Array;
}

/** What is kept of a request. */
export interface VerifiedRequest {
  /** SubjectPublicKeyInfo, DER, P-256. */
  publicKey: Uint8Array;
  /** SHA-256 of the request's DER, hex: what the enrolment proof signs. */
  digest: string;
}

export type RequestCode = 'CSR_TOO_LARGE' | 'CSR_MALFORMED' | 'CSR_KEY_REFUSED' | 'CSR_ALGORITHM' | 'CSR_SIGNATURE';

/** A P-256 request is about 250 bytes. */
export const MAX_CSR_BYTES = 4_096;
/** ecdsa-with-SHA256 (1.2.840.10045.4.3.2) as a whole AlgorithmIdentifier without parameters. */
const ECDSA_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Makes a P-256 key and a request that names nobody: the server decides every name. */
export async function createRequest(): Promise<NewRequest> {
  const keys = await webcrypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: ECDSA_P256 });
  const privateKey = new Uint8Array(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    privateKeyPem: toPem('PRIVATE KEY', privateKey),
    privateKey,
    csr: new Uint8Array(request.rawData),
  };
}

/** SHA-256 of a request's DER, lower-case hex. */
export function requestDigest(csr: Uint8Array): string {
  return createHash('sha256').update(csr).digest('hex');
}

/** Reads a request and checks its signature (proof of possession). Never throws for bad input. */
export function readRequest(csr: Uint8Array): Result<VerifiedRequest, RequestCode> {
  if (csr.length > MAX_CSR_BYTES) return refuse('CSR_TOO_LARGE', `a request has at most ${MAX_CSR_BYTES} bytes`);
  const root = readDer(csr, MAX_CSR_BYTES);
  const parts = root.ok ? partsOf(root.value) : null;
  if (parts === null) return refuse('CSR_MALFORMED', 'the request is not a PKCS#10 request in DER');
  const publicKey = readPublicKey(parts.publicKey, ['P-256']);
  if (!publicKey.ok) return refuse('CSR_KEY_REFUSED', 'the request is not for a P-256 key');
  if (Buffer.compare(parts.algorithm, ECDSA_SHA256) !== 0) {
    return refuse('CSR_ALGORITHM', 'the request is not signed with ECDSA and SHA-256');
  }
  const key = { key: Buffer.from(parts.publicKey), format: 'der', type: 'spki' } as const;
  if (!verify('sha256', parts.signed, key, parts.signature)) {
    return refuse('CSR_SIGNATURE', 'the request is not signed by the key it names');
  }
  return accept({ publicKey: publicKey.value.publicKey, digest: requestDigest(csr) });
}

/** CertificationRequest ::= SEQUENCE { info { version 0, subject, key, [0] attributes }, algorithm, BIT STRING }. */
function partsOf(root: DerNode) {
  const [info, algorithm, signature, ...more] = root.children;
  const [version, subject, publicKey, attributes, ...others] = info?.children ?? [];
  const whole = info && algorithm && signature && version && subject && publicKey && attributes;
  if (!whole || more.length > 0 || others.length > 0) return null;
  if (root.tag !== TAG.sequence || info.tag !== TAG.sequence || attributes.tag !== 0xa0) return null;
  if (version.tag !== TAG.integer || version.content.length !== 1 || version.content[0] !== 0) return null;
  if (signature.tag !== TAG.bitString || signature.content[0] !== 0) return null;
  return {
    signed: info.raw,
    publicKey: publicKey.raw,
    algorithm: algorithm.raw,
    signature: signature.content.subarray(1),
  };
}
