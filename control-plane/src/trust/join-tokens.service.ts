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
import { decodeKey, pageOf, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import { refusalOfSite } from '../platform/site-scope.ts';
import type { Authorities } from './authorities.ts';
import { isTooPowerful, refusalOfUse, UNBOUND_SECONDS } from './join-token.decision.ts';
import * as store from './join-token.store.ts';
import { isInside } from './networks.ts';

/** Who acts: a person or a key, out of the verified caller. */
export interface Actor {
  readonly tenant: string;
  readonly actor: string;
}

/** A token whose secret was right. Whether it may still be used is decided by `use`. */
export interface VerifiedToken {
  readonly tenant: string;
  readonly id: string;
  /** Which machines may use it; see `JoinTokenRequest`. */
  readonly hosts: readonly string[];
  readonly networks: readonly string[];
  /** It was neither used up nor expired nor revoked when it was looked at. */
  readonly usable: boolean;
}

export interface NewToken {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: string;
}

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
    const { site = null, tags: grants, uses, ttlSeconds, autoApprove, hosts, networks, ephemeral } = request;
    const elsewhere = refusalOfSite(site);
    if (elsewhere) return elsewhere;
    if (isTooPowerful(request)) return tooPowerful();
    const root = await this.#authorities.pinRoot();
    const token = createJoinToken(pinOf(root.certificatePem));
    const createdAt = this.#clock.now();
    const expiresAt = new Date(createdAt.getTime() + ttlSeconds * 1_000);
    const { tenant, actor } = by;
    const { id } = token;
    await this.#db.of(tenant).transaction(async (tx) => {
      const secretHash = hashJoinToken(token);
      await store.insertJoinToken(tx, {
        tenant,
        id,
        secretHash,
        site,
        grants,
        uses,
        autoApprove,
        hosts,
        networks,
        ephemeral,
        createdAt,
        expiresAt,
      });
      const kind = { autoApprove, hosts, networks, ephemeral };
      const detail = { site, grants, uses, ...kind, expiresAt: expiresAt.toISOString() };
      await appendAudit(tx, { tenant, actor, action: 'joinToken.created', subject: `joinToken:${id}`, detail });
    });
    return { id, token: joinTokenText(token), expiresAt: expiresAt.toISOString() };
  }

  /** Newest first, unless the oldest are asked for. */
  async list(tenant: string, ask: PageAsk & store.TokenFilter): Promise<Page<JoinToken> | Refusal> {
    const beyond = ask.cursor === undefined ? null : readCursor(ask.cursor);
    if (beyond === undefined) return badCursor();
    const range = { beyond, ascending: ask.sort === 'createdAt', limit: ask.limit + 1 };
    const found = await store.listJoinTokens(this.#db.of(tenant), tenant, ask, range, this.#clock.now());
    return pageOf(found, ask.limit, ({ createdAt, id }) => [createdAt, id]);
  }

  /** Revokes a token; revoking twice is the same as once. */
  async revoke(by: Actor, id: string): Promise<Refusal | void> {
    const { tenant, actor } = by;
    const changed = await this.#db.of(tenant).transaction(async (tx) => {
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
    const found = credential && (await store.findToken(db, credential.id, this.#clock.now()));
    const right = credential !== null && verifyJoinToken(credential, found?.hash ?? DECOY_HASH);
    if (!right || !found) return null;
    const { tenant, hosts, networks, usable } = found;
    return { tenant, id: credential.id, hosts, networks, usable };
  }

  /**
   * True when the machine may use the token. A refusal is audited while the token is good, since somebody holds a secret
   * that was meant for others; the answer to the machine says no more than for any token that is not accepted.
   */
  async allows(token: VerifiedToken, from: { readonly hostname: string; readonly address: string }): Promise<boolean> {
    const { hostname, address } = from;
    const refusal = refusalOfUse(token, { hostname, isInside: (network) => isInside(network, address) });
    if (refusal === null) return true;
    if (token.usable) {
      const subject = `joinToken:${token.id}`;
      const detail = { why: refusal, hostname, address };
      await this.#db.transaction((tx) =>
        appendAudit(tx, { tenant: token.tenant, actor: subject, action: 'joinToken.refused', subject, detail }),
      );
    }
    return false;
  }

  /** Takes one use of a verified token in the caller's transaction: it is used exactly if that commits. */
  use(tx: Transaction, token: VerifiedToken): Promise<store.TokenUse | null> {
    return store.takeUse(tx, token.tenant, token.id, this.#clock.now());
  }
}

/** `undefined` for a text that is no cursor of ours. */
function readCursor(text: string): { createdAt: Date; id: string } | undefined {
  const [at = '', id = ''] = decodeKey(text, 2) ?? [];
  const createdAt = new Date(at);
  if (Number.isNaN(createdAt.getTime()) || !/^[\w-]{1,64}$/.test(id)) return undefined;
  return { createdAt, id };
}

function tooPowerful(): Refusal {
  return refuse(
    'unprocessable',
    'TOKEN_TOO_POWERFUL',
    'A token that approves agents by itself may not be this powerful.',
    {
      detail: `Without hosts or networks, a token with autoApprove is for one agent and lives at most ${UNBOUND_SECONDS} s.`,
      fix: 'Name the hosts or networks of the agents, or leave autoApprove out and approve them.',
    },
  );
}
