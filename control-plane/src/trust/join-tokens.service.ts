/**
 * Join tokens: what lets a new agent in (design section 7). The text is shown once and kept nowhere.
 *
 * Invariant: to whoever presents a token, every reason for a refusal looks the same: unknown, wrong, used up, expired,
 * revoked.
 */
import {
  createJoinToken,
  hashJoinToken,
  joinTokenText,
  parseJoinCredential,
  pinOf,
  verifyJoinToken,
} from '@casare/certs';
import type { JoinToken, JoinTokenRequest } from '@casare/shared/api';
import type { z } from 'zod';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable, Transaction } from '../platform/database/index.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import type { Authorities } from './authorities.ts';
import * as store from './join-token.store.ts';

/** Who acts: a person or a key, out of the verified caller. */
export interface Actor {
  readonly tenant: string;
  readonly actor: string;
}

/** A token whose secret was right. Whether it may still be used is decided by `use`. */
export interface VerifiedToken {
  readonly tenant: string;
  readonly id: string;
}

export interface NewToken {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: string;
}

/** A token that approves by itself must not lie around: its longest life, seconds. */
const AUTO_APPROVE_SECONDS = 86_400;
/** Compared with for an unknown id, so that it takes the same work as a wrong secret. */
const DECOY_HASH = hashJoinToken({ id: 'decoy', secret: 'decoy' });

export class JoinTokens {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #authorities: Authorities;

  constructor(db: Database, clock: Clock, authorities: Authorities) {
    this.#db = db;
    this.#clock = clock;
    this.#authorities = authorities;
  }

  async create(by: Actor, request: z.output<typeof JoinTokenRequest>): Promise<NewToken | Refusal> {
    const { site = null, tags: grants, uses, ttlSeconds, autoApprove } = request;
    if (autoApprove && ttlSeconds > AUTO_APPROVE_SECONDS) return livesTooLong();
    const root = await this.#authorities.serverRoot();
    const token = createJoinToken(pinOf(root.certificatePem));
    const createdAt = this.#clock.now();
    const expiresAt = new Date(createdAt.getTime() + ttlSeconds * 1_000);
    const { tenant, actor } = by;
    const { id } = token;
    await this.#db.transaction(async (tx) => {
      const secretHash = hashJoinToken(token);
      await store.insertJoinToken(tx, {
        tenant,
        id,
        secretHash,
        site,
        grants,
        uses,
        autoApprove,
        createdAt,
        expiresAt,
      });
      const detail = { site, grants, uses, autoApprove, expiresAt: expiresAt.toISOString() };
      await appendAudit(tx, { tenant, actor, action: 'joinToken.created', subject: `joinToken:${id}`, detail });
    });
    return { id, token: joinTokenText(token), expiresAt: expiresAt.toISOString() };
  }

  /** Newest first. */
  async list(
    tenant: string,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ items: JoinToken[]; nextCursor: string | null } | Refusal> {
    const before = page.cursor === undefined ? null : readCursor(page.cursor);
    if (before === undefined) return badCursor();
    const found = await store.listJoinTokens(this.#db, tenant, before, page.limit + 1, this.#clock.now());
    const items = found.slice(0, page.limit);
    const last = found.length > page.limit ? items.at(-1) : undefined;
    return { items, nextCursor: last === undefined ? null : cursorOf(last) };
  }

  /** Revokes a token; revoking twice is the same as once. */
  async revoke(by: Actor, id: string): Promise<Refusal | void> {
    const { tenant, actor } = by;
    const changed = await this.#db.transaction(async (tx) => {
      const revoked = await store.revoke(tx, tenant, id, this.#clock.now());
      if (revoked) await appendAudit(tx, { tenant, actor, action: 'joinToken.revoked', subject: `joinToken:${id}` });
      return revoked;
    });
    if (changed === null) {
      return refuse('not_found', 'TOKEN_NOT_FOUND', 'There is no such join token.', {
        fix: 'List tokens to find its id.',
      });
    }
  }

  /** Checks the secret in constant time; null for anything that is not a token's text with the right secret. */
  async verify(db: Queryable, text: string): Promise<VerifiedToken | null> {
    const credential = parseJoinCredential(text);
    const found = credential && (await store.findSecret(db, credential.id));
    const right = credential !== null && verifyJoinToken(credential, found?.hash ?? DECOY_HASH);
    return right && found ? { tenant: found.tenant, id: credential.id } : null;
  }

  /** Takes one use of a verified token in the caller's transaction: it is used exactly if that commits. */
  use(tx: Transaction, token: VerifiedToken): Promise<store.TokenUse | null> {
    return store.takeUse(tx, token.tenant, token.id, this.#clock.now());
  }
}

function cursorOf(token: JoinToken): string {
  return Buffer.from(JSON.stringify([token.createdAt, token.id])).toString('base64url');
}

/** `undefined` for a text that is no cursor of ours. */
function readCursor(text: string): { createdAt: Date; id: string } | undefined {
  try {
    const [at, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[];
    const createdAt = new Date(typeof at === 'string' ? at : Number.NaN);
    if (Number.isNaN(createdAt.getTime()) || typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id)) return undefined;
    return { createdAt, id };
  } catch {
    return undefined;
  }
}

function badCursor(): Refusal {
  return refuse('invalid', 'CURSOR_INVALID', 'The cursor is not one that this list gave.', {
    fix: 'Start without a cursor.',
  });
}

function livesTooLong(): Refusal {
  return refuse(
    'unprocessable',
    'TOKEN_TOO_POWERFUL',
    'A token that approves agents by itself may not live this long.',
    {
      detail: `With autoApprove, ttlSeconds is at most ${AUTO_APPROVE_SECONDS}.`,
      fix: 'Shorten its life, or leave autoApprove out and approve the agents.',
    },
  );
}
