/**
 * Links to artifacts: what makes one good. Pure. A token is `<end, seconds>.<tenant>.<mac>`; the MAC (HMAC-SHA-256) is over
 * tenant, artifact, end and the method that it is for, under a key that all replicas derive from the master key. Nothing of
 * a link is stored: it ends by its time, with the artifact, and while the tenant is not active.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a link leads to. */
export interface Linked {
  readonly tenant: string;
  /** Of the artifact. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly end: number;
}

const TOKEN = /^(\d{1,12})\.([a-z0-9][a-z0-9-]{0,39})\.([\w-]{43})$/;

export function linkToken(key: Uint8Array, linked: Linked): string {
  return `${linked.end}.${linked.tenant}.${macOf(key, linked)}`;
}

/** The tenant whose artifact `id` a token opens at `now`, milliseconds; null when it opens nothing. */
export function tenantOfLink(key: Uint8Array, id: string, token: string, now: number): string | null {
  const [, end, tenant, mac] = TOKEN.exec(token) ?? [];
  if (end === undefined || tenant === undefined || mac === undefined) return null;
  const wanted = macOf(key, { tenant, id, end: Number(end) });
  // As texts: what decodes to the same bytes and is written otherwise is another token.
  if (!timingSafeEqual(Buffer.from(mac), Buffer.from(wanted))) return null;
  return Number(end) * 1_000 > now ? tenant : null;
}

/** No part can hold a line end. A HEAD is a GET without its body. */
function macOf(key: Uint8Array, { tenant, id, end }: Linked): string {
  return createHmac('sha256', key)
    .update(['casare artifact link 1', 'GET', tenant, id.toLowerCase(), end].join('\n'))
    .digest('base64url');
}
