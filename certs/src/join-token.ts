/**
 * Join tokens: `casare_<id>.<secret>.<pin>` is what a person pastes (JoinTokenText), `<id>.<secret>` is what the agent
 * sends, and a hash is what the server stores. The secret is 256 random bits, so one SHA-256 is enough; the id is
 * hashed with it, so a stored hash is worth nothing in another row.
 */
import { JoinTokenText } from '@casare/shared/protocol';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Random } from './certificate.ts';
import { accept, refuse, type Result } from './result.ts';

/** What an agent presents. */
export interface JoinCredential {
  id: string;
  secret: string;
}

/** What a person pastes. */
export interface JoinToken extends JoinCredential {
  /** The server root's pin; see `pin.ts`. */
  pin: string;
}

const ID_BYTES = 12;
const SECRET_BYTES = 32;
const CREDENTIAL = /^([A-Za-z0-9_-]{8,64})\.([A-Za-z0-9_-]{43})$/;

/** Makes a token for the server root with `pin`. Show its text once; store `id` and `hashJoinToken`. */
export function createJoinToken(pin: string, random: Random = randomBytes): JoinToken {
  const [id, secret] = [ID_BYTES, SECRET_BYTES].map((count) => Buffer.from(random(count)).toString('base64url'));
  return { id: id ?? '', secret: secret ?? '', pin };
}

/** The text a person pastes. Throws when a part breaks the grammar. */
export function joinTokenText(token: JoinToken): string {
  return JoinTokenText.parse(`casare_${token.id}.${token.secret}.${token.pin}`);
}

/** Reads a pasted text; surrounding white space is forgiven. The refusal never repeats the text. */
export function parseJoinToken(text: string): Result<JoinToken, 'JOIN_TOKEN_MALFORMED'> {
  const parsed = JoinTokenText.safeParse(text.length <= 500 ? text.trim() : '');
  const [id, secret, pin] = parsed.success ? parsed.data.slice('casare_'.length).split('.') : [];
  if (id === undefined || secret === undefined || pin === undefined) {
    return refuse('JOIN_TOKEN_MALFORMED', 'this is not a join token (casare_….….…): copy the whole line again');
  }
  return accept({ id, secret, pin });
}

/** What the agent sends as EnrolRequest.token: the token without its prefix and pin. */
export function joinCredentialText(credential: JoinCredential): string {
  return `${credential.id}.${credential.secret}`;
}

/** Reads what an agent sent; null when it is not a credential. */
export function parseJoinCredential(text: string): JoinCredential | null {
  const [, id, secret] = CREDENTIAL.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

/** What is stored of a token: SHA-256, lower-case hex. */
export function hashJoinToken(credential: JoinCredential): string {
  return digest(credential).toString('hex');
}

/** Compares in constant time. For an unknown id, compare with the hash of any other token: same work, same answer. */
export function verifyJoinToken(credential: JoinCredential, storedHash: string): boolean {
  const stored = Buffer.from(storedHash, 'hex');
  const given = digest(credential);
  return stored.length === given.length && timingSafeEqual(stored, given);
}

function digest(credential: JoinCredential): Buffer {
  return createHash('sha256').update(`casare-join-v1\n${credential.id}\n${credential.secret}`).digest();
}
