/**
 * Who is calling, and signing in. API keys and sessions are looked up at every request, so that a revoked one stops at
 * once; nothing is cached.
 */
import { within, type Rights } from '@casare/shared/api';
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Authenticator, Caller, Credentials } from '../platform/http/caller.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import * as accounts from './account.store.ts';
import { liveKeys, touchKey } from './api-key.store.ts';
import { ApiKeysService } from './api-keys.service.ts';
import { hashSecret, newSecret, readApiKey } from './credential.ts';
import { decideTry, TRIES } from './lockout.decision.ts';
import { verifyPassword } from './password.ts';
import { rightsOfKey } from './rights.decision.ts';
import * as signIns from './sign-in.store.ts';

/** A session's length, milliseconds. */
export const SESSION_MS = 12 * 3_600_000;
/** How long a one-time sign-in link is good, milliseconds. */
export const CODE_MS = 10 * 60_000;

/** A new session: the token goes into the cookie and nowhere else. */
export interface NewSession {
  readonly token: string;
  readonly expiresAt: Date;
  readonly caller: Caller;
}

export interface NewSignInCode {
  readonly code: string;
  readonly expiresAt: Date;
}

export class AccountsService implements Authenticator {
  readonly keys: ApiKeysService;
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.keys = new ApiKeysService(db, clock);
    this.#db = db;
    this.#clock = clock;
  }

  async authenticate({ apiKey, sessionToken }: Credentials): Promise<Caller | null> {
    if (apiKey !== null) return this.#callerOfKey(apiKey);
    return sessionToken === null ? null : this.#callerOfSession(sessionToken);
  }

  async stillIn(callers: readonly Caller[]): Promise<ReadonlyMap<string, Rights>> {
    const now = this.#clock.now();
    const idsOf = (via: Caller['via']) => [
      ...new Set(callers.filter((caller) => caller.via === via).map(({ credential }) => credential.split(':')[1]!)),
    ];
    const [keys, sessions] = [idsOf('apiKey'), idsOf('session')];
    const rights = new Map<string, Rights>();
    for (const key of keys.length > 0 ? await liveKeys(this.#db, keys, now) : []) {
      rights.set(`key:${key.id}`, rightsOfKey(key, key.accountRole));
    }
    for (const { id, role } of sessions.length > 0 ? await signIns.sessionsAlive(this.#db, sessions, now) : []) {
      rights.set(`session:${id}`, { role, scopes: null });
    }
    return rights;
  }

  /** Signs in by password. `address` is the client's, for the lockout. */
  async logIn(email: string, password: string, address: string): Promise<NewSession | Refusal> {
    const byAccount = `account:${hashSecret(email.toLowerCase()).toString('hex')}`;
    const byAddress = `address:${address.slice(0, 100)}`;
    const lockedUntil = await this.#countTry([
      { subject: byAccount, limit: TRIES.account },
      { subject: byAddress, limit: TRIES.address },
    ]);
    if (lockedUntil !== null) return lockedOut(lockedUntil, this.#clock.now());
    const account = await accounts.accountByEmail(this.#db, email);
    if (!(await verifyPassword(password, account?.passwordHash ?? null)) || account === null) {
      return refuse('unauthenticated', 'AUTH_WRONG_CREDENTIALS', 'The e-mail address or the password is wrong.');
    }
    await signIns.clearFailures(this.#db, byAccount);
    await signIns.forgiveTry(this.#db, byAddress);
    return this.#openSession(account, 'password');
  }

  /** Signs in by a one-time code; of several uses, one succeeds. */
  async logInWithCode(code: string): Promise<NewSession | Refusal> {
    const owner = await signIns.useSignInCode(this.#db, hashSecret(code), this.#clock.now());
    const account = owner && (await accounts.accountById(this.#db, owner.tenant, owner.accountId));
    if (account === null) {
      return refuse('unauthenticated', 'AUTH_CODE_USED', 'This sign-in link was used already, or has expired.', {
        fix: 'Make a new one with `casare login --link`.',
      });
    }
    return this.#openSession(account, 'code');
  }

  async logOut(sessionToken: string): Promise<void> {
    await signIns.deleteSession(this.#db, hashSecret(sessionToken));
  }

  /** Makes a code that signs in the caller's own account. */
  async createSignInCode(caller: Caller): Promise<NewSignInCode | Refusal> {
    const account = await accounts.accountById(this.#db, caller.tenant, caller.accountId);
    // The session of the link may all that the account may.
    if (account === null || !within({ role: account.role, scopes: null }, caller)) return keyNarrower();
    const { secret, hash } = newSecret();
    const expiresAt = new Date(this.#clock.now().getTime() + CODE_MS);
    await this.#db.transaction(async (tx) => {
      await signIns.insertSignInCode(tx, hash, caller, expiresAt);
      const { tenant, actor } = caller;
      await appendAudit(tx, { tenant, actor, action: 'signInCode.created', subject: `account:${caller.accountId}` });
    });
    return { code: secret, expiresAt };
  }

  /** Removes expired sessions, codes and old failures. */
  async sweep(): Promise<void> {
    await signIns.sweepSignIn(this.#db, this.#clock.now());
    await this.keys.sweep();
  }

  async #callerOfKey(text: string): Promise<Caller | null> {
    const parts = readApiKey(text);
    if (parts === null) return null;
    const now = this.#clock.now();
    const [key] = await liveKeys(this.#db, [parts.id], now);
    if (key === undefined || !timingSafeEqual(key.secretHash, hashSecret(parts.secret))) return null;
    if (key.touchDue) await touchKey(this.#db, key.tenant, key.id, now);
    const { tenant, accountId, email } = key;
    const named = `key:${key.id}`;
    const rights = rightsOfKey(key, key.accountRole);
    const { role, scopes } = rights;
    return {
      ...{ tenant, accountId, email, role, scopes },
      ...{ via: 'apiKey', csrfToken: null, credential: named, actor: named },
    };
  }

  async #callerOfSession(token: string): Promise<Caller | null> {
    const session = await signIns.liveSession(this.#db, hashSecret(token), this.#clock.now());
    const account = session && (await accounts.accountById(this.#db, session.tenant, session.accountId));
    return account ? callerOf(account, session) : null;
  }

  /** Counts one try for each subject, in one order for all; until when it is locked out, or null. */
  async #countTry(subjects: readonly { subject: string; limit: number }[]): Promise<Date | null> {
    const now = this.#clock.now();
    return this.#db.transaction(
      async (tx) => {
        let lockedUntil: Date | null = null;
        for (const { subject, limit } of subjects) {
          const decision = decideTry(await signIns.lockFailures(tx, subject, now), limit, now);
          if (decision.allowed) await signIns.saveFailures(tx, subject, decision.next);
          else if (lockedUntil === null || decision.lockedUntil > lockedUntil) lockedUntil = decision.lockedUntil;
        }
        return lockedUntil;
      },
      { attempts: 3 },
    );
  }

  async #openSession(account: accounts.AccountRow, by: 'password' | 'code'): Promise<NewSession> {
    const { secret, hash } = newSecret();
    const csrfToken = newSecret().secret;
    const expiresAt = new Date(this.#clock.now().getTime() + SESSION_MS);
    const session = { id: randomUUID(), tenant: account.tenant, accountId: account.id, csrfToken };
    const caller = callerOf(account, session);
    await this.#db.transaction(async (tx) => {
      await signIns.insertSession(tx, hash, session, expiresAt);
      const { tenant, actor } = caller;
      await appendAudit(tx, { tenant, actor, action: 'session.opened', subject: actor, detail: { by } });
    });
    return { token: secret, expiresAt, caller };
  }
}

function callerOf(account: accounts.AccountRow, session: signIns.SessionRow): Caller {
  const { tenant, id, email, role } = account;
  const verified = { via: 'session', credential: `session:${session.id}`, csrfToken: session.csrfToken } as const;
  return { tenant, accountId: id, email, role, scopes: null, ...verified, actor: `account:${id}` };
}

function keyNarrower(): Refusal {
  return refuse('denied', 'KEY_NARROWER', 'This API key may do less than its account.', {
    detail: 'A sign-in link would give all that the account may.',
    fix: 'Use a key of the account without scopes and with its role, or sign in by password.',
  });
}

function lockedOut(until: Date, now: Date): Refusal {
  const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1_000));
  return refuse('busy', 'AUTH_LOCKED_OUT', 'Too many failed sign-ins.', {
    fix: `Wait ${Math.ceil(seconds / 60)} minutes, or sign in by a link from \`casare login --link\`.`,
    retryAfterSeconds: seconds,
  });
}
