/** A sealing key as people compare it: on the agent's own machine, and where a secret is sealed. */
import { bytesOf } from './suite.ts';

/** `sha256:` and the digest of a public key, lower-case hex. */
export async function sealingFingerprint(publicKey: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(publicKey)));
  return `sha256:${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
