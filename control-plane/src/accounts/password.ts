/**
 * Passwords: argon2id (RFC 9106) by node:crypto, stored in the PHC string format.
 *
 * Invariants: the parameters are read from the stored text, so that they can be raised later; they are bounded, so that
 * a damaged row cannot take all memory; at most `PARALLEL` hashes run at once, since each takes 19 MiB, and at most
 * `WAITING` wait: beyond that, AUTH_BUSY.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fault } from '../platform/errors.ts';

/** OWASP's recommendation of 2024: 19 MiB, 2 passes, 1 lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const TAG_BYTES = 32;
const PARALLEL = 4;
const WAITING = 200;
const MEMORY_LIMIT = 262_144;
const FORMAT =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,88})\$([A-Za-z0-9+/]{16,172})$/;

interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** Hashes a password with a new salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const tag = await derive(password, salt, COST, TAG_BYTES);
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${base64(salt)}$${base64(tag)}`;
}

/** True when `password` is the one that was hashed. With `stored` null it takes as long and is false. */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const [, memory, passes, parallelism, salt, tag] = FORMAT.exec(stored ?? '') ?? [];
  if (tag === undefined || Number(memory) > MEMORY_LIMIT) {
    await derive(password, randomBytes(16), COST, TAG_BYTES);
    return false;
  }
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const wanted = Buffer.from(tag, 'base64');
  return timingSafeEqual(await derive(password, Buffer.from(salt!, 'base64'), cost, wanted.length), wanted);
}

let running = 0;
const waiting: (() => void)[] = [];

async function derive(password: string, salt: Buffer, cost: Cost, tagLength: number): Promise<Buffer> {
  if (waiting.length >= WAITING) throw busy();
  while (running >= PARALLEL) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await new Promise((resolve, reject) => {
      const message = Buffer.from(password.normalize('NFC'), 'utf8');
      argon2('argon2id', { message, nonce: salt, tagLength, ...cost }, (error, tag) =>
        error === null ? resolve(tag) : reject(error),
      );
    });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

function busy(): Fault {
  return new Fault({
    code: 'AUTH_BUSY',
    what: 'Too many people sign in at once',
    fix: 'Try again shortly',
    status: 503,
  });
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
