/** Digest authentication (RFC 7616) over MD5, SHA-256 and their session forms: a challenge in, a header out. */
import { createHash } from 'node:crypto';

/** A challenge that can be answered. */
export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly algorithm: 'MD5' | 'SHA-256' | 'MD5-sess' | 'SHA-256-sess';
  /** False where the server knows no quality of protection (RFC 2069). */
  readonly hasQop: boolean;
}

/** Strongest first. */
const ALGORITHMS = ['SHA-256', 'SHA-256-sess', 'MD5', 'MD5-sess'] as const;

/** The strongest challenge of a `www-authenticate` that this client can answer; null when there is none. */
export function challengeIn(header: string): Challenge | null {
  const challenges = header
    .split(/(?=\bDigest\s)/i)
    .filter((part) => /^Digest\s/i.test(part))
    .flatMap((part) => challengeOf(part) ?? []);
  const rank = (one: Challenge): number => ALGORITHMS.indexOf(one.algorithm);
  return challenges.sort((one, other) => rank(one) - rank(other))[0] ?? null;
}

function challengeOf(part: string): Challenge | null {
  const values = new Map<string, string>();
  for (const [, name = '', quoted, bare] of part.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)) {
    values.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '');
  }
  const wanted = (values.get('algorithm') ?? 'MD5').toLowerCase();
  const algorithm = ALGORITHMS.find((one) => one.toLowerCase() === wanted);
  const [realm, nonce, qop] = [values.get('realm'), values.get('nonce'), values.get('qop')];
  if (algorithm === undefined || realm === undefined || nonce === undefined) return null;
  const protections = qop?.split(',').map((one) => one.trim().toLowerCase());
  // `auth-int` alone is asked for by nobody, and would need the body's digest.
  if (protections !== undefined && !protections.includes('auth')) return null;
  return { realm, nonce, algorithm, opaque: values.get('opaque'), hasQop: protections !== undefined };
}

/**
 * The `authorization` header that answers a challenge.
 * @param target path and query as they are sent
 * @param cnonce the client's nonce; unpredictable
 */
export function answerTo(
  challenge: Challenge,
  { username, password }: { readonly username: string; readonly password: string },
  { method, target, cnonce }: { readonly method: string; readonly target: string; readonly cnonce: string },
): string {
  const { realm, nonce, opaque, algorithm, hasQop } = challenge;
  const digest = (text: string): string =>
    createHash(algorithm.startsWith('MD5') ? 'md5' : 'sha256')
      .update(text, 'utf8')
      .digest('hex');
  const user = digest(`${username}:${realm}:${password}`);
  const secret = algorithm.endsWith('-sess') ? digest(`${user}:${nonce}:${cnonce}`) : user;
  const what = digest(`${method}:${target}`);
  const count = '00000001';
  const response = digest(hasQop ? `${secret}:${nonce}:${count}:${cnonce}:auth:${what}` : `${secret}:${nonce}:${what}`);
  const quoted = (value: string): string => `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  return [
    `Digest username=${quoted(username)}, realm=${quoted(realm)}, nonce=${quoted(nonce)}, uri=${quoted(target)}`,
    `response="${response}", algorithm=${algorithm}`,
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(hasQop ? [`qop=auth, nc=${count}, cnonce="${cnonce}"`] : []),
  ].join(', ');
}
