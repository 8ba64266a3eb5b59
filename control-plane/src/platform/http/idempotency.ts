/**
 * `Idempotency-Key`, for every POST of somebody who is signed in: the same request with the same key has its effect once and
 * is answered with the first answer, for at least 24 hours (draft-ietf-httpapi-idempotency-key-header).
 *
 * A key belongs to one credential and one operation on one path. What is stored is a digest of all that, never the key
 * itself. Operations that take the key in the transaction of their own effect (submits of jobs) say so in their
 * declaration; around all others stands `once`.
 *
 * Invariants
 * - An effect is never repeated: it is marked in the transaction that makes it, and a request that has taken over from one
 *   that died is the only one that can still commit. A refusal has no effect, so it gives the key back.
 * - No answer is stored in clear: it is sealed under a key derived from the master key AND the key that was sent, of which
 *   only a digest is stored. Who has the database alone, or the database and the master key, opens no answer.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import type { Endpoint } from '@casare/shared/api';
import { unwitnessed, witnessed, type Connection, type TenantDatabase, type Witness } from '../database/index.ts';
import { conflictingKey, isRefusal, refuse, type Refusal } from '../refusal.ts';
import type { Answered } from './answer.ts';
import type { Caller } from './caller.ts';
import { secondUse, type SecondUse } from './idempotency.decision.ts';
import * as store from './idempotency.store.ts';
import { RefusedError } from './problem.ts';

export interface IdempotencyOptions {
  readonly db: TenantDatabase;
  /** 32 bytes that all replicas share, derived from the master key. */
  readonly sealingKey: () => Promise<Uint8Array>;
}

/** A request that carries a key. */
export interface KeyedRequest {
  readonly endpoint: Endpoint;
  readonly caller: Caller;
  /** As it was asked for, without the query. */
  readonly path: string;
  /** What was parsed of it: its fingerprint. */
  readonly parsed: { readonly query: unknown; readonly body: unknown };
  /** The header. */
  readonly key: string;
}

const REFUSALS: Readonly<Record<Exclude<Extract<SecondUse, string>, 'replay'>, () => Refusal>> = {
  conflict: conflictingKey,
  inProgress,
  answerLost,
};
/** Keys of one credential; submits are not among them. */
const KEYS_OF_CALLER = 10_000;
/** An answer that is larger is not kept, bytes. */
const ANSWER_BYTES = 262_144;
const [NONCE_BYTES, TAG_BYTES] = [12, 16];

/** What a key is stored as. */
export function scopedKey({ endpoint, caller, path, key }: Omit<KeyedRequest, 'parsed'>): string {
  return digestOf([caller.credential, endpoint.id, path, key]);
}

export class Idempotency {
  readonly #db: TenantDatabase;
  readonly #sealingKey: () => Promise<Uint8Array>;

  constructor({ db, sealingKey }: IdempotencyOptions) {
    this.#db = db;
    this.#sealingKey = sealingKey;
  }

  /** Carries `work` out unless its key says that it was; the answer, first or repeated. */
  async once(request: KeyedRequest, work: () => Promise<Answered | Refusal>): Promise<Answered | Refusal> {
    const of = { tenant: request.caller.tenant, key: scopedKey(request), run: randomUUID() };
    const seal = sealFor(await this.#sealingKey(), of.key, request.key);
    const before = await this.#begin(of, request);
    if (before === null) return this.#carryOut(of, seal, work);
    if (isRefusal(before)) return before;
    const body = before.answer === null ? null : seal.open(before.answer);
    return body === null ? answerLost() : { status: before.status!, body: body || null, repeated: true };
  }

  /** Null: this run has the key. */
  async #begin(of: store.RunOf, { caller, parsed, key }: KeyedRequest): Promise<store.UsedKey | Refusal | null> {
    // Under the key that was sent, which stands nowhere: a body may hold a secret that can be guessed.
    const text = JSON.stringify([parsed.query ?? null, parsed.body ?? null]);
    const digest = createHmac('sha256', key).update(text).digest('base64url');
    // Twice, since a key may be given back between two statements.
    for (let look = 0; look < 2; look++) {
      if (await store.begin(this.#db.of(of.tenant), of, { digest, caller: caller.credential, most: KEYS_OF_CALLER }))
        return null;
      const used = await store.find(this.#db.of(of.tenant), of.tenant, of.key);
      if (used === null) continue;
      const use = secondUse(used, digest);
      if (use === 'replay') return used;
      if (typeof use === 'string') return REFUSALS[use]();
      if (await store.takeOver(this.#db.of(of.tenant), of, use.takeOver)) return null;
    }
    return keysFull();
  }

  async #carryOut(
    of: store.RunOf,
    seal: ReturnType<typeof sealFor>,
    work: () => Promise<Answered | Refusal>,
  ): Promise<Answered | Refusal> {
    const witness = new RunWitness(this.#db.of(of.tenant), of);
    try {
      const answer = await witnessed(witness, work);
      witness.leave();
      if (isRefusal(answer)) await store.giveBack(this.#db.of(of.tenant), of);
      else await store.finish(this.#db.of(of.tenant), of, answer.status, sealed(seal, answer.body ?? ''));
      return answer;
    } catch (error) {
      witness.leave();
      // When the database is away too, the row says later how it was.
      await store.fail(this.#db.of(of.tenant), of).catch(() => {});
      throw error;
    }
  }
}

/** Marks the key with the effect, while its request is under way. */
class RunWitness implements Witness {
  readonly #db: Connection;
  readonly #of: store.RunOf;
  #present = true;

  constructor(db: Connection, of: store.RunOf) {
    this.#db = db;
    this.#of = of;
  }

  leave(): void {
    this.#present = false;
  }

  beforeCommit(tx: Pick<Connection, 'execute'>): Promise<void> {
    return this.#mark(tx);
  }

  beforeStatement(): Promise<void> {
    return unwitnessed(() => this.#mark(this.#db));
  }

  async #mark(on: Pick<Connection, 'execute'>): Promise<void> {
    if (!this.#present || (await store.mark(on, this.#of))) return;
    throw new RefusedError(
      refuse('conflict', 'IDEMPOTENCY_IN_PROGRESS', 'Another request with this key has taken over from this one.', {
        detail: 'This one took so long that it was believed dead; it has changed nothing.',
        fix: 'Send it again with the same key.',
        retryAfterSeconds: 1,
      }),
    );
  }
}

function sealed(seal: ReturnType<typeof sealFor>, body: string): Buffer | null {
  return Buffer.byteLength(body) > ANSWER_BYTES ? null : seal.close(body);
}

/** AES-256-GCM; an answer opens for its own key only. */
function sealFor(serverKey: Uint8Array, scope: string, sent: string) {
  const key = Buffer.from(
    hkdfSync('sha256', Buffer.concat([serverKey, Buffer.from(sent)]), scope, 'casare-answer-v1', 32),
  );
  return {
    close(text: string): Buffer {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    /** Null: it does not open, since the master key is another one or the row was changed. */
    open(bytes: Buffer): string | null {
      try {
        const nonce = bytes.subarray(0, NONCE_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        const body = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([body, decipher.final()]).toString('utf8');
      } catch {
        return null;
      }
    },
  };
}

function digestOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

function inProgress(): Refusal {
  return refuse('conflict', 'IDEMPOTENCY_IN_PROGRESS', 'The first request with this key is being carried out.', {
    fix: 'Send it again with the same key after the seconds that Retry-After says.',
    retryAfterSeconds: 1,
  });
}

/** Carried out, but what it was answered is gone. */
function answerLost(): Refusal {
  return refuse('conflict', 'IDEMPOTENCY_ANSWER_LOST', 'The first request with this key was carried out.', {
    detail: 'Its answer was lost, or cannot be shown again; nothing was done this time.',
    fix: 'Look at what there is now; use a new key for a new request.',
  });
}

function keysFull(): Refusal {
  return refuse('busy', 'IDEMPOTENCY_KEYS_FULL', `This caller has used ${KEYS_OF_CALLER} idempotency keys in a day.`, {
    fix: 'Send the request without a key, or wait until the oldest are forgotten, a day after their use.',
    retryAfterSeconds: 600,
  });
}

const kept = new WeakMap<object, Idempotency>();

/** Gives an application its keeper; without one, keys are read and not kept. */
export function putIdempotency(application: object, idempotency: Idempotency): void {
  kept.set(application, idempotency);
}

export function idempotencyOf(application: object): Idempotency | undefined {
  return kept.get(application);
}
