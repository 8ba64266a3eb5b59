/** The public keys of a provider of tokens (JWKS), by the one way out. */
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { Fault, lineOf } from '../platform/errors.ts';
import type { Outbound } from '../platform/outbound/outbound.ts';

/** Keys are read again after this, milliseconds; a token with a key that is not there makes us look sooner. */
const KEPT_MS = 10 * 60_000;
/** But not more often than so, milliseconds: anybody can make up the name of a key. */
const REST_MS = 30_000;
const KEYS_BYTES = 262_144;

const Keys = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

/** Finds the key of a token. Its errors of the way out are `Fault`s. */
export function keysOf(outbound: Outbound, url: string, restMs = REST_MS): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(url), {
    [customFetch]: outbound.fetch,
    cacheMaxAge: KEPT_MS,
    cooldownDuration: restMs,
  });
}

/** Looks whether there are keys at all. @throws Fault PROVIDER_UNUSABLE, OUTBOUND_* */
export async function readKeys(outbound: Outbound, url: string): Promise<void> {
  const { status, body } = await outbound.call(url, { maxBytes: KEYS_BYTES });
  try {
    if (status !== 200) throw new Error(`it answers with ${status}`);
    Keys.parse(JSON.parse(body.toString('utf8')));
  } catch (error) {
    throw new Fault({
      code: 'PROVIDER_UNUSABLE',
      what: `There are no keys at ${url}`,
      why: error instanceof z.ZodError ? 'what it answers is no set of keys' : lineOf(error),
      fix: 'Enter keysUrl as the provider documents it',
      status: 422,
    });
  }
}
