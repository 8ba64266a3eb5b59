/**
 * API keys: made, rotated, listed, revoked. The secret is in the answer that makes a key, and nowhere else.
 *
 * Invariants: a key may do no more than who made or rotated it may, and never more than its account; one that was made with
 * an expiring key expires no later; a key is rotated once, by its own account; who revokes the key of somebody else may do
 * at least what that account may.
 */
import {
  allows,
  permissionsOf,
  within,
  type ApiKey,
  type ApiKeyRequest,
  type KeyRotation,
  type NewApiKey,
  type Rights,
  type RotatedApiKey,
  type Whose,
} from '@casare/shared/api';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database/index.ts';
import type { Caller } from '../platform/http/caller.ts';
import { permissionDenied } from '../platform/http/guard.ts';
import { numberCursor, pageBy, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import * as store from './api-key.store.ts';
import { hashSecret, newApiKey } from './credential.ts';
import { keyIdOf } from './rights.decision.ts';

/** Keys of one account that are alive. */
export const KEYS_OF_ACCOUNT = 100;
/** How long a key that ended stays in the list, milliseconds: 90 days. */
const ENDED_MS = 90 * 86_400_000;

export class ApiKeysService {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  async create(caller: Caller, request: ApiKeyRequest): Promise<NewApiKey | Refusal> {
    const { name, ttlSeconds } = request;
    const now = this.#clock.now();
    const rights = rightsAsked(caller, request);
    if (isRefusal(rights)) return rights;
    const { tenant, accountId, actor } = caller;
    const { id, secret, text } = newApiKey();
    const outcome = await this.#db.of(caller.tenant).transaction(async (tx) => {
      const live = await store.countKeysLocked(tx, tenant, accountId, now);
      if (live === null) return refuse('unauthenticated', 'AUTH_REQUIRED', 'This account was removed.');
      if (live >= KEYS_OF_ACCOUNT) return keysFull();
      const wanted = ttlSeconds === undefined ? null : new Date(now.getTime() + ttlSeconds * 1_000);
      const latest = await latestOf(tx, caller, now);
      if (isRefusal(latest)) return latest;
      const expiresAt = earlier(wanted, latest.end);
      const row = { tenant, id, accountId, name, ...rights, createdBy: actor, createdAt: now, expiresAt };
      await store.insertKey(tx, { ...row, secretHash: hashSecret(secret) });
      await appendAudit(tx, {
        ...{ tenant, actor, action: 'apiKey.created', subject: `key:${id}` },
        detail: { name, ...rights, expiresAt: expiresAt?.toISOString() ?? null },
      });
      return store.keyById(tx, tenant, id);
    });
    return isRefusal(outcome) ? outcome : { ...viewOf(outcome!, now), key: text };
  }

  /**
   * A new key in the place of one of the caller's own: the same in all but its secret, good for as long again. The key of
   * somebody else is revoked and not rotated: whoever rotates sees the secret, and could act in the other's name.
   */
  async rotate(caller: Caller, id: string, { graceSeconds }: KeyRotation): Promise<RotatedApiKey | Refusal> {
    const { tenant, accountId, actor } = caller;
    const now = this.#clock.now();
    const fresh = newApiKey();
    const outcome = await this.#db.of(tenant).transaction(async (tx) => {
      const live = await store.countKeysLocked(tx, tenant, accountId, now);
      if (live === null) return refuse('unauthenticated', 'AUTH_REQUIRED', 'This account was removed.');
      const key = await store.holdKey(tx, tenant, id);
      const refused = refusalOfRotation(caller, id, key, now);
      if (key === null || refused !== null) return refused ?? notFound(id);
      // The one in whose place it comes does not count, until a grace has filled that place too.
      if (live > KEYS_OF_ACCOUNT) return keysFull();
      const latest = await latestOf(tx, caller, now);
      if (isRefusal(latest)) return latest;
      const { name, role, scopes, platform, sites } = key;
      const rights = { role, scopes, platform, sites };
      const again = key.expiresAt && new Date(now.getTime() + key.expiresAt.getTime() - key.createdAt.getTime());
      const expiresAt = earlier(again, latest.end);
      const row = { tenant, id: fresh.id, accountId, name, ...rights, createdBy: actor, createdAt: now, expiresAt };
      await store.insertKey(tx, { ...row, secretHash: hashSecret(fresh.secret) });
      const until = earlier(new Date(now.getTime() + graceSeconds * 1_000), key.expiresAt)!;
      await store.replaceKey(tx, { tenant, ...key }, fresh.id, { now: graceSeconds === 0, at: until });
      await appendAudit(tx, {
        ...{ tenant, actor, action: 'apiKey.rotated', subject: `key:${id}` },
        detail: { name, to: fresh.id, until: until.toISOString(), expiresAt: expiresAt?.toISOString() ?? null },
      });
      return { made: (await store.keyById(tx, tenant, fresh.id))!, until };
    });
    if (isRefusal(outcome)) return outcome;
    const { made, until } = outcome;
    return { ...viewOf(made, now), key: fresh.text, replaces: { id, until: until.toISOString() } };
  }

  async list(
    caller: Caller,
    query: PageAsk & { readonly of: Whose; readonly ended: 'true' | 'false'; readonly q?: string | undefined },
  ): Promise<Page<ApiKey> | Refusal> {
    if (query.of === 'all' && !allows(caller, 'accounts:read')) return permissionDenied(caller, 'accounts:read');
    const beyond = numberCursor(query.cursor);
    if (beyond === undefined) return badCursor();
    const now = this.#clock.now();
    const accountId = query.of === 'all' ? null : caller.accountId;
    const ascending = query.sort === 'createdAt';
    const which = { accountId, ended: query.ended === 'true', text: query.q ?? null };
    const range = { ...which, beyond, ascending, limit: query.limit + 1 };
    const found = await store.listKeys(this.#db.of(caller.tenant), caller.tenant, range, now);
    const page = pageBy(found, query.limit, ({ seq }) => seq);
    return { ...page, items: page.items.map((row) => viewOf(row, now)) };
  }

  /** Revoking what was revoked before changes nothing. */
  async revoke(caller: Caller, id: string): Promise<void | Refusal> {
    const { tenant, actor } = caller;
    const now = this.#clock.now();
    return this.#db.of(caller.tenant).transaction(async (tx) => {
      const key = await store.keyById(tx, tenant, id);
      if (key === null) return notFound(id);
      if (key.accountId !== caller.accountId) {
        // Who may not even see keys of others learns nothing of them.
        if (!allows(caller, 'accounts:read')) return notFound(id);
        if (!allows(caller, 'accounts:write')) return permissionDenied(caller, 'accounts:write');
        const theirs = { role: key.accountRole, scopes: null, platform: key.accountPlatform, sites: key.accountSites };
        if (!within(theirs, caller)) return aboveYourself(key.accountRole);
      }
      if (await store.revokeKey(tx, tenant, id, now)) {
        const detail = { name: key.name, account: key.accountId };
        await appendAudit(tx, { tenant, actor, action: 'apiKey.revoked', subject: `key:${id}`, detail });
      }
      return undefined;
    });
  }

  /** Forgets keys that ended long ago; the audit log keeps them. */
  async sweep(): Promise<void> {
    await store.sweepKeys(this.#db, new Date(this.#clock.now().getTime() - ENDED_MS));
  }
}

/** When what the caller makes must end: with the key that it is made with. Refused for a key that has ended meanwhile. */
async function latestOf(tx: Queryable, caller: Caller, now: Date): Promise<{ readonly end: Date | null } | Refusal> {
  const maker = keyIdOf(caller);
  if (maker === null) return { end: null };
  const [made] = await store.liveKeys(tx, [maker], now);
  if (made === undefined) return refuse('unauthenticated', 'AUTH_REQUIRED', 'The key has ended.');
  return { end: made.expiresAt };
}

/** Why the caller may not rotate the key; null when they may. */
function refusalOfRotation(caller: Caller, id: string, key: store.KeyRow | null, now: Date): Refusal | null {
  if (key === null) return notFound(id);
  if (key.accountId !== caller.accountId) {
    // Who may not even see keys of others learns nothing of them.
    return allows(caller, 'accounts:read') ? notYours() : notFound(id);
  }
  const { role, scopes, platform } = key;
  // A key without sites is where its account is.
  if (!within({ role, scopes, platform, sites: key.sites ?? key.accountSites }, caller)) return aboveYourself(role);
  const hasEnded = key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now);
  return hasEnded || key.replacedBy !== null ? ended(key.replacedBy) : null;
}

/** The rights of the key that is asked for, if the caller may give them. */
function rightsAsked(caller: Caller, { role = caller.role, scopes, platform, sites }: ApiKeyRequest): Rights | Refusal {
  const all = permissionsOf({ role, scopes: null, platform });
  const outside = scopes?.find((scope) => !all.includes(scope));
  if (outside !== undefined) {
    return refuse('unprocessable', 'SCOPE_OUTSIDE_ROLE', `The role ${role} does not have ${outside}.`, {
      fix: 'Leave it out, or choose a role that has it.',
    });
  }
  // A key with scopes makes keys of its own role with its own scopes, where nothing else is said.
  const inherited = role === caller.role ? caller.scopes : null;
  const rights = { role, scopes: scopes === undefined ? inherited : [...new Set(scopes)] };
  const where = { platform, sites: sites === undefined ? (caller.sites ?? null) : [...new Set(sites)] };
  const asked = { ...rights, ...where };
  return within(asked, caller) ? asked : aboveYourself(role);
}

/** Refuses to make or change what may do more than the caller. */
export function aboveYourself(role: string): Refusal {
  return refuse('denied', 'ABOVE_YOURSELF', `The role ${role} may do things that you may not.`, {
    detail: 'Nobody can make or change an account or a key that may do more than they themselves may.',
    fix: 'Ask an owner.',
  });
}

function earlier(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

function viewOf(row: store.KeyRow, now: Date): ApiKey {
  const { id, name, role, scopes, platform, sites, createdBy } = row;
  const expired = row.expiresAt !== null && row.expiresAt <= now;
  return {
    ...{ id, name, role, scopes, platform, sites, createdBy },
    account: { id: row.accountId, email: row.email },
    state: row.revokedAt !== null ? 'revoked' : expired ? 'expired' : 'active',
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    replacedBy: row.replacedBy,
  };
}

function notFound(id: string): Refusal {
  return refuse('not_found', 'KEY_NOT_FOUND', `There is no API key ${id}.`, { fix: 'See `casare keys list`.' });
}

function notYours(): Refusal {
  return refuse('denied', 'KEY_NOT_YOURS', 'The key belongs to somebody else.', {
    detail: 'Who rotates a key sees its new secret, and could act in the name of its account.',
    fix: 'Revoke it, and have its account make a new one.',
  });
}

function ended(replacedBy: string | null): Refusal {
  const why = replacedBy === null ? 'has ended' : `was rotated already, to ${replacedBy}`;
  return refuse('conflict', 'KEY_ENDED', `The key ${why}.`, {
    fix: replacedBy === null ? 'Make a new one.' : 'Rotate the newer one, or revoke both.',
  });
}

function keysFull(): Refusal {
  return refuse('conflict', 'KEYS_FULL', `This account has ${KEYS_OF_ACCOUNT} API keys.`, {
    fix: 'Revoke some that are not used any more.',
  });
}
