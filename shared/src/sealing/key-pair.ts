/** Key pairs that secrets are sealed to. The private key never leaves the agent that made it. */
import { base64Of, bytesOf, suite } from './suite.ts';

/** Raw keys in base64, 32 bytes each. */
export interface SealingKeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

export async function generateSealingKey(): Promise<SealingKeyPair> {
  const { publicKey, privateKey } = await suite.kem.generateKeyPair();
  const [open, closed] = await Promise.all([
    suite.kem.serializePublicKey(publicKey),
    suite.kem.serializePrivateKey(privateKey),
  ]);
  return { publicKey: base64Of(new Uint8Array(open)), privateKey: base64Of(new Uint8Array(closed)) };
}

/** Rejects when it is no private key. */
export async function publicSealingKeyOf(privateKey: string): Promise<string> {
  const key = await suite.kem.deserializePrivateKey(bytesOf(privateKey));
  const jwk = await crypto.subtle.exportKey('jwk', key);
  const text = (jwk.x ?? '').replaceAll('-', '+').replaceAll('_', '/');
  return `${text}=`;
}
