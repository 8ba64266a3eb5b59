/**
 * A value and its rules, sealed to one agent by HPKE in base mode (RFC 9180): the encapsulated key, then the ciphertext,
 * as one text of base64.
 *
 * Invariants: what is sealed opens with the private key of that agent alone, and for that tenant, secret, version and
 * agent alone: all four are HPKE's `info`. The rules are inside, so nobody changes them who does not know the value. The
 * length of a value shows to the next 256 bytes.
 *
 * Anybody who knows a public key can seal to it: that something opens says nothing about who sealed it.
 */
import { z } from 'zod';
import { SecretRules } from '../protocol/secret-rules.ts';
import { SecretValue } from '../protocol/secret-value.ts';
import { base64Of, bytesOf, KEY_BYTES, suite } from './suite.ts';

/** Which version of which secret, and for whom. */
export interface SealedPlace {
  readonly tenant: string;
  readonly name: string;
  readonly version: number;
  readonly agentId: string;
}

/** What is inside. */
const Content = z.object({ value: SecretValue, rules: SecretRules });
type Content = z.infer<typeof Content>;

const BLOCK_BYTES = 256;

/** @param publicKey raw, base64. Rejects when it is no public key. */
export async function sealTo(publicKey: string, place: SealedPlace, content: Content): Promise<string> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(bytesOf(publicKey));
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: infoOf(place) }, padded(JSON.stringify(content)));
  const both = new Uint8Array(enc.byteLength + ct.byteLength);
  both.set(new Uint8Array(enc));
  both.set(new Uint8Array(ct), enc.byteLength);
  return base64Of(both);
}

/**
 * Null when the key is another one, or it was sealed for another place, or changed: nobody can tell which.
 * @param privateKey raw, base64
 */
export async function openSealed(privateKey: string, place: SealedPlace, sealed: string): Promise<Content | null> {
  const recipientKey = await suite.kem.deserializePrivateKey(bytesOf(privateKey));
  const bytes = bytesOf(sealed);
  try {
    const [enc, ct] = [bytes.slice(0, KEY_BYTES), bytes.slice(KEY_BYTES)];
    const plain = await suite.open({ recipientKey, enc, info: infoOf(place) }, ct);
    return Content.parse(JSON.parse(new TextDecoder().decode(plain)));
  } catch {
    return null;
  }
}

/** No part can hold a line break. */
function infoOf({ tenant, name, version, agentId }: SealedPlace): Uint8Array<ArrayBuffer> {
  const parts = ['casare-sealed-secret-v1', tenant, name, String(version), agentId];
  return Uint8Array.from(new TextEncoder().encode(parts.join('\n')));
}

/** Spaces behind JSON are nothing to whoever reads it. */
function padded(json: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(json);
  const whole = new Uint8Array(Math.ceil(bytes.length / BLOCK_BYTES) * BLOCK_BYTES).fill(0x20);
  whole.set(bytes);
  return whole;
}
