/**
 * The agent's key and certificate: `credential.pem` holds both, since they belong together, and is replaced as a whole.
 * A key whose certificate was asked for and did not come yet is kept beside it, so that asking again asks for the same.
 *
 * Invariant: at any moment, also after a crash, the file holds a key with its own certificate.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import {
  type CertificateContents,
  certificatesInPem,
  createRequest,
  keyIdOf,
  readCertificate,
  readRequest,
  toPem,
} from '@casare/certs';
import { z } from 'zod';
import { codeOf, describe, Fault } from '../fault.ts';
import type { AgentHome } from './home.ts';
import { readKeyFile, writeKeyFile } from './key-file.ts';

export interface Credential {
  /** PKCS#8, PEM. */
  readonly privateKeyPem: string;
  /** Leaf first, then the CA that signed it, PEM. */
  readonly chainPem: string;
}

/** A key for the next certificate. */
export interface NextKey {
  readonly privateKeyPem: string;
  /** PKCS#10, DER. */
  readonly csr: Uint8Array;
}

const PARTS = /^(-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\s*)(-----BEGIN CERTIFICATE-----[\s\S]+)$/;
const Kept = z.object({ privateKeyPem: z.string(), csr: z.base64() });

/** Throws NOT_ENROLLED, IDENTITY_DAMAGED. */
export function readCredential(home: AgentHome): Credential {
  try {
    // until their first renewal, homes of version 0.1 have two files
    if (!existsSync(home.credential) && existsSync(home.chain)) {
      return { privateKeyPem: readKeyFile(home.key), chainPem: readFileSync(home.chain, 'utf8') };
    }
    const [, privateKeyPem, chainPem] = PARTS.exec(readKeyFile(home.credential)) ?? [];
    if (privateKeyPem === undefined || chainPem === undefined) throw new Error('not a key and a certificate');
    return { privateKeyPem, chainPem };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw notEnrolled(home);
    throw new Fault(
      'IDENTITY_DAMAGED',
      `${home.credential} cannot be read (${describe(error)}): enrol this agent again`,
    );
  }
}

/** Replaces key and certificate. */
export function writeCredential(home: AgentHome, { privateKeyPem, chainPem }: Credential): void {
  writeKeyFile(home.credential, `${privateKeyPem.trimEnd()}\n${chainPem}`);
  for (const old of [home.key, home.chain]) rmSync(old, { force: true });
}

/** The leaf of the credential. Throws as `readCredential`. */
export function leafOf(home: AgentHome): X509Certificate {
  const { chainPem } = readCredential(home);
  try {
    return new X509Certificate(chainPem);
  } catch (error) {
    throw new Fault(
      'IDENTITY_DAMAGED',
      `${home.credential} cannot be read (${describe(error)}): enrol this agent again`,
    );
  }
}

/** The key that the next certificate was or will be asked for, kept before it is used. */
export async function nextKey(home: AgentHome): Promise<NextKey> {
  const kept = Kept.safeParse(parseJson(home.nextKey));
  if (kept.success) {
    const { privateKeyPem } = kept.data;
    const csr = Buffer.from(kept.data.csr, 'base64');
    // after a crash right behind `takeNext` it is the key of today
    if (!isFor(leafOf(home).raw, csr)) return { privateKeyPem, csr };
  }
  const { privateKeyPem, csr } = await createRequest();
  writeKeyFile(home.nextKey, JSON.stringify({ privateKeyPem, csr: Buffer.from(csr).toString('base64') }));
  return { privateKeyPem, csr };
}

/** True when a certificate was asked for, perhaps by an earlier process, and did not come. */
export function isAskedFor(home: AgentHome): boolean {
  const kept = Kept.safeParse(parseJson(home.nextKey));
  return kept.success && !isFor(leafOf(home).raw, Buffer.from(kept.data.csr, 'base64'));
}

/**
 * What is wrong with a certificate that was issued for this agent, null when it may be taken. A clock by which the
 * certificate of today is over too is wrong itself, and does not judge.
 */
export function faultOfIssued(home: AgentHome, { csr }: NextKey, chainPem: string, now: number): string | null {
  const [der, ...issuers] = certificatesInPem(chainPem);
  if (der === undefined || issuers.length === 0 || !isFor(der, csr)) return 'it is not for the key that was asked for';
  const [issued, held] = [readCertificate(der), readCertificate(leafOf(home).raw)];
  if (!issued.ok || !held.ok || !sameNames(issued.value, held.value)) return 'it is not for this agent';
  const { notBefore, notAfter } = issued.value;
  const judges = now < held.value.notAfter.getTime();
  return notAfter <= notBefore || (judges && now >= notAfter.getTime()) ? 'it is over' : null;
}

/** Takes the next certificate; false when it is not for that key, and nothing has changed. */
export function takeNext(home: AgentHome, { privateKeyPem, csr }: NextKey, chainPem: string): boolean {
  const [leaf, ...issuers] = certificatesInPem(chainPem);
  if (leaf === undefined || !isFor(leaf, csr)) return false;
  const parts = [leaf, ...issuers].map((der) => toPem('CERTIFICATE', der));
  writeCredential(home, { privateKeyPem, chainPem: parts.join('') });
  rmSync(home.nextKey, { force: true });
  return true;
}

/** True when the certificate, DER, is for the key of the request. */
export function isFor(certificate: Uint8Array, csr: Uint8Array): boolean {
  const [leaf, request] = [readCertificate(certificate), readRequest(csr)];
  return leaf.ok && request.ok && keyIdOf(leaf.value.publicKey) === keyIdOf(request.value.publicKey);
}

function sameNames(one: CertificateContents, other: CertificateContents): boolean {
  return one.names.length > 0 && JSON.stringify(one.names) === JSON.stringify(other.names);
}

export function notEnrolled(home: AgentHome): Fault {
  const text = `this agent is not enrolled (${home.root}): run casare-agent enrol --url … --token-file …`;
  return new Fault('NOT_ENROLLED', text, { exitCode: 3 });
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readKeyFile(path));
  } catch {
    return null;
  }
}
