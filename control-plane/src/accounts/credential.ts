/**
 * Random credentials: API keys, session tokens, sign-in codes. Each holds 256 random bits, so a plain SHA-256 at rest
 * is enough: there is nothing to guess.
 */
import { createHash, randomBytes } from 'node:crypto';
import { randomToken } from '../platform/ids.ts';

/** A secret to be shown once, and what is stored of it. */
export interface NewSecret {
  readonly secret: string;
  readonly hash: Buffer;
}

export function newSecret(): NewSecret {
  const secret = randomToken(32);
  return { secret, hash: hashSecret(secret) };
}

export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** The parts of an API key's text, `csk_<id>_<secret>`. */
export interface ApiKeyParts {
  readonly id: string;
  readonly secret: string;
}

const API_KEY = /^csk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export function newApiKey(): ApiKeyParts & { readonly text: string } {
  const id = randomBytes(8).toString('hex');
  const secret = randomToken(32);
  return { id, secret, text: `csk_${id}_${secret}` };
}

/** Null when the text is no API key. */
export function readApiKey(text: string): ApiKeyParts | null {
  const [, id, secret] = API_KEY.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}
