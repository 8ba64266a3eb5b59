/**
 * Who is calling, and signing in. API keys and sessions are looked up at every request, so that a revoked one stops at
 * once; nothing is cached.
 */
import { within, type Rights } from '@casare/shared/api';
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { appendAudit, INSTALLATION } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Authenticator, Caller, Credentials } from '../platform/http/caller.ts';
import type { Mailer } from '../platform/mail/mail.ts';
import { OutboundAllowed } from '../platform/outbound/allowed.ts';
import { Outbound } from '../platform/outbound/outbound.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import * as accounts from './account.store.ts';
import { liveKeys, touchKey, type LiveKey } from './api-key.store.ts';
import { ApiKeysService } from './api-keys.service.ts';
import { hashSecret, newSecret, readApiKey } from './credential.ts';
import { decideTry, TRIES } from './lockout.decision.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { goneMeanwhile, invitationUsed, keyNarrower, lockedOut, passwordWrong, removed } from './sign-in-refusals.ts';
import { keyIdOf, rightsOfAccount, rightsOfKey, sessionIdOf } from './rights.decision.ts';
import { PeopleService } from './people.service.ts';
import { invitedBy, useInvitation } from './people.store.ts';
import { SecondFactorService, sessionNeeded } from './second-factor.service.ts';
import type { Holder } from './second-factor.store.ts';
import { ProvidersService } from './providers.service.ts';
import * as sessions from './session.store.ts';
import { SessionsService } from './sessions.service.ts';
import * as signIns from './sign-in.store.ts';
import { SignOnService } from './sign-on.service.ts';
import { looksLikeToken, TokenCallers } from './token-callers.ts';

/** A session's length, milliseconds. */
export const SESSION_MS = 12 * 3_600_000;
/** Of an account; with one more, the oldest ends. */
export const SESSIONS_OF_ACCOUNT = 50;
/** How long a one-time sign-in link is good, milliseconds. */
export const CODE_MS = 10 * 60_000;

/** A new session: the token goes into the cookie and nowhere else. */
export interface NewSession {
  readonly token: string;
  readonly expiresAt: Date;
  readonly caller: Caller;
}

/** Where somebody signs in from, as the listener sees it. */
export interface From {
  readonly address: string;
  readonly userAgent: string;
}

export interface NewSignInCode {
  readonly code: string;
  readonly expiresAt: Date;
}

/** How providers are reached, and how browsers come back from them. */
interface Reach {
  readonly outbound: Outbound;
  readonly webUrl: string;
  /** What invitations are sent by. */
  readonly mailer?: Mailer | null;
  /** After keys of a provider were read, they are not read again for so long, milliseconds; for tests. */
  readonly keysRestMs?: number;
}

const NOWHERE: Reach = { outbound: new Outbound({ allowed: new OutboundAllowed() }), webUrl: 'http://localhost' };

export class AccountsService implements Authenticator {
  readonly keys: ApiKeysService;
  readonly people: PeopleService;
  readonly sessions: SessionsService;
  readonly secondFactor: SecondFactorService;
  readonly providers: ProvidersService;
  readonly signOn: SignOnService;
  readonly #tokens: TokenCallers;
  readonly #db: Database;
  readonly #clock: Clock;

  /** `sealingKey`: what secrets of second factors and of providers are sealed under. */
  constructor(db: Database, clock: Clock, sealingKey: () => Promise<Uint8Array>, reach: Reach = NOWHERE) {
    const tries = {
      count: (subject: string) => this.#tryOf([{ subject, limit: TRIES.account }]),
      clear: (subject: string) => signIns.clearFailures(db, subject),
    };
    this.secondFactor = new SecondFactorService({ db, clock, sealingKey, tries });
    this.keys = new ApiKeysService(db, clock);
    this.people = new PeopleService(db, clock, reach.mailer ?? null);
    this.sessions = new SessionsService(db, clock);
    this.providers = new ProvidersService({ db, clock, sealingKey, outbound: reach.outbound });
    this.signOn = new SignOnService({ db, clock, sealingKey, ...reach, providers: this.providers });
    this.#tokens = new TokenCallers({ db, clock, ...reach });
    this.#db = db;
    this.#clock = clock;
  }

  async authenticate({ apiKey, sessionToken }: Credentials): Promise<Caller | null> {
    if (apiKey !== null && looksLikeToken(apiKey)) return this.#tokens.callerOf(apiKey);
    if (apiKey !== null) return this.#callerOfKey(apiKey);
    return sessionToken === null ? null : this.#callerOfSession(sessionToken);
  }

  async stillIn(callers: readonly Caller[]): Promise<ReadonlyMap<string, Rights>> {
    const now = this.#clock.now();
    const idsOf = (via: Caller['via']) => [
      ...new Set(callers.filter((caller) => caller.via === via).map(({ credential }) => credential.split(':')[1]!)),
    ];
    const [keys, signedIn] = [idsOf('apiKey'), idsOf('session')];
    const rights = new Map<string, Rights>();
    for (const key of keys.length > 0 ? await liveKeys(this.#db, keys, now) : []) {
      rights.set(`key:${key.id}`, rightsOf(key));
    }
    for (const { id, ...of } of signedIn.length > 0 ? await sessions.sessionsAlive(this.#db, signedIn, now) : []) {
      rights.set(`session:${id}`, { ...of, scopes: null });
    }
    for (const [credential, of] of await this.#tokens.stillIn(callers)) rights.set(credential, of);
    return rights;
  }

  /** Signs in by password, and by a code where the account has a second factor. */
  async logIn(email: string, password: string, from: From, code?: string): Promise<NewSession | Refusal> {
    const account = await this.#check({ email, password, from, factor: (holder) => this.#checkFactor(holder, code) });
    return isRefusal(account) ? account : this.openSession(account, 'password', from);
  }

  /** Signs in by a one-time code; of several uses, one succeeds. */
  async logInWithCode(code: string, from: From): Promise<NewSession | Refusal> {
    const owner = await signIns.useSignInCode(this.#db, hashSecret(code), this.#clock.now());
    const account = owner && (await accounts.accountById(this.#db, owner.tenant, owner.accountId));
    if (account === null) {
      return refuse('unauthenticated', 'AUTH_CODE_USED', 'This sign-in link was used already, or has expired.', {
        fix: 'Make a new one with `casare login --link`.',
      });
    }
    return this.openSession(account, 'code', from, owner!);
  }

  /** Uses an invitation up; of several uses, one succeeds. */
  async acceptInvitation(token: string, password: string, from: From): Promise<NewSession | Refusal> {
    const hash = hashSecret(token);
    const invited = await invitedBy(this.#db, hash, this.#clock.now());
    // Only who holds a link may make us hash.
    if (invited === null) return invitationUsed();
    const passwordHash = await hashPassword(password);
    const { tenant, accountId } = invited;
    const account = await this.#db.transaction(async (tx) => {
      const found = await accounts.accountById(tx, tenant, accountId);
      if (found === null || !(await useInvitation(tx, hash, this.#clock.now()))) return null;
      await accounts.setPassword(tx, tenant, accountId, passwordHash);
      const actor = `account:${accountId}`;
      await appendAudit(tx, { tenant, actor, action: 'account.joined', subject: actor });
      return found;
    });
    return account === null ? invitationUsed() : this.openSession(account, 'invitation', from);
  }

  /** Wrong passwords count as failed sign-ins: who found a session open must not guess either. */
  async changePassword(
    caller: Caller,
    { password, newPassword }: { readonly password: string; readonly newPassword: string },
    from: From,
  ): Promise<{ ended: number } | Refusal> {
    const current = sessionIdOf(caller);
    const refused = await this.#confirmPassword(caller, password, from);
    if (refused !== null) return refused;
    const passwordHash = await hashPassword(newPassword);
    const { tenant, accountId, actor } = caller;
    return this.#db.of(tenant).transaction(async (tx) => {
      await accounts.setPassword(tx, tenant, accountId, passwordHash);
      const ended = await sessions.endSessionsOf(tx, tenant, accountId, current);
      await appendAudit(tx, { tenant, actor, action: 'account.passwordChanged', subject: actor, detail: { ended } });
      return { ended };
    });
  }

  async beginSecondFactor(
    caller: Caller,
    password: string,
    from: From,
  ): Promise<{ secret: string; url: string } | Refusal> {
    return (await this.#confirmPassword(caller, password, from)) ?? this.secondFactor.begin(caller);
  }

  async logOut(sessionToken: string): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const session = await sessions.deleteSession(tx, hashSecret(sessionToken));
      if (session === null) return;
      const { id, tenant, accountId } = session;
      const subject = `account:${accountId}`;
      await appendAudit(tx, { tenant, actor: subject, action: 'session.closed', subject, detail: { session: id } });
    });
  }

  /** Makes a code that signs in the caller's own account. */
  async createSignInCode(caller: Caller): Promise<NewSignInCode | Refusal> {
    const account = await accounts.accountById(this.#db.of(caller.tenant), caller.tenant, caller.accountId);
    // The session of the link may all that the account may.
    if (account === null) return removed();
    if (!within(rightsOfAccount(account), caller)) return keyNarrower();
    const { secret, hash } = newSecret();
    const expiresAt = new Date(this.#clock.now().getTime() + CODE_MS);
    const { tenant, actor, accountId, providerId = null } = caller;
    const made = this.#db.of(tenant).transaction(async (tx) => {
      await signIns.insertSignInCode(tx, hash, { tenant, accountId, apiKeyId: keyIdOf(caller), providerId }, expiresAt);
      await appendAudit(tx, { tenant, actor, action: 'signInCode.created', subject: `account:${accountId}` });
    });
    return (await made.catch(goneMeanwhile)) ?? { code: secret, expiresAt };
  }

  /** Removes expired sessions, codes and old failures. */
  async sweep(): Promise<void> {
    await sessions.sweepSessions(this.#db, this.#clock.now());
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
    return {
      ...{ tenant, accountId, email, ...rightsOf(key) },
      ...{ via: 'apiKey', csrfToken: null, credential: named, actor: named },
    };
  }

  async #callerOfSession(token: string): Promise<Caller | null> {
    const now = this.#clock.now();
    const session = await sessions.liveSession(this.#db, hashSecret(token), now);
    if (session?.touchDue) await sessions.touchSession(this.#db, session.id, now);
    return session && callerOf({ ...session, id: session.accountId }, session);
  }

  /** Null when who is signed in knows their password. */
  async #confirmPassword(caller: Caller, password: string, from: From): Promise<Refusal | null> {
    if (sessionIdOf(caller) === null || caller.email === null) return sessionNeeded();
    const account = await this.#check({ email: caller.email, password, from });
    if (!isRefusal(account)) return null;
    return account.code === 'AUTH_WRONG_CREDENTIALS' ? passwordWrong() : account;
  }

  /**
   * The account that the password, and what `factor` asks for, opens. The try is counted before anything is looked at, and
   * taken back when all was right, or when there is only more to be asked.
   */
  async #check(asked: {
    readonly email: string;
    readonly password: string;
    readonly from: From;
    readonly factor?: (of: Holder) => Promise<Refusal | null>;
  }): Promise<accounts.AccountRow | Refusal> {
    const { email, password, from, factor } = asked;
    const byAccount = `account:${hashSecret(email.toLowerCase()).toString('hex')}`;
    const byAddress = `address:${from.address.slice(0, 100)}`;
    const locked = await this.#tryOf([
      { subject: byAccount, limit: TRIES.account },
      { subject: byAddress, limit: TRIES.address },
    ]);
    if (locked !== null) return locked;
    const account = await accounts.accountByEmail(this.#db, email);
    if (!(await verifyPassword(password, account?.passwordHash ?? null)) || account === null) {
      await this.#noteRefused(account, 'password', from);
      return refuse('unauthenticated', 'AUTH_WRONG_CREDENTIALS', 'The e-mail address or the password is wrong.');
    }
    const refused = (await factor?.({ tenant: account.tenant, accountId: account.id })) ?? null;
    if (refused?.code === 'AUTH_SECOND_FACTOR_WRONG') {
      await this.#noteRefused(account, 'secondFactor', from);
      return refused;
    }
    if (refused === null) await signIns.clearFailures(this.#db, byAccount);
    else await signIns.forgiveTry(this.#db, byAccount);
    await signIns.forgiveTry(this.#db, byAddress);
    return refused ?? account;
  }

  /**
   * A try that failed is audited where the account is, else in the installation's log: the answer takes as long then. The lock
   * bounds how many there are.
   */
  #noteRefused(account: accounts.AccountRow | null, why: 'password' | 'secondFactor', from: From): Promise<void> {
    const address = from.address.slice(0, 100);
    const of =
      account === null
        ? { tenant: INSTALLATION, subject: `address:${address}` }
        : { tenant: account.tenant, subject: `account:${account.id}` };
    return appendAudit(this.#db, { ...of, actor: 'system', action: 'session.refused', detail: { why, address } });
  }

  async #checkFactor(of: Holder, code: string | undefined): Promise<Refusal | null> {
    if (!(await this.secondFactor.show(of)).on) return null;
    if (code === undefined) {
      return refuse('unauthenticated', 'AUTH_SECOND_FACTOR_NEEDED', 'This account signs in with a second factor.', {
        fix: 'Enter the code that your authenticator shows, or a recovery code.',
      });
    }
    if (await this.secondFactor.take(of, code)) return null;
    return refuse('unauthenticated', 'AUTH_SECOND_FACTOR_WRONG', 'The code is wrong, or was used before.', {
      fix: 'Wait for the next code, or use a recovery code; who has lost both asks an owner.',
    });
  }

  /** Counts one try for each subject, in one order for all; why it is refused, or null. */
  async #tryOf(subjects: readonly { subject: string; limit: number }[]): Promise<Refusal | null> {
    const now = this.#clock.now();
    const until = await this.#db.transaction(
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
    return until === null ? null : lockedOut(until, now);
  }

  /** For somebody of whom it is known who they are; refused when the account, or the provider, was removed since. Last: what it ends with. */
  async openSession(
    account: accounts.AccountRow,
    by: 'password' | 'code' | 'invitation' | 'provider',
    from: From,
    { apiKeyId = null, providerId = null }: { apiKeyId?: string | null; providerId?: string | null } = {},
  ): Promise<NewSession | Refusal> {
    const { secret, hash } = newSecret();
    const csrfToken = newSecret().secret;
    const now = this.#clock.now();
    const expiresAt = new Date(now.getTime() + SESSION_MS);
    const { tenant, id: accountId } = account;
    const opener = { apiKeyId, providerId };
    const session = { id: randomUUID(), tenant, accountId, csrfToken, ...from, ...opener, createdAt: now, expiresAt };
    const caller = callerOf(account, session);
    const opened = this.#db.transaction(async (tx) => {
      if (!(await accounts.signedIn(tx, tenant, accountId, now))) return removed();
      await sessions.insertSession(tx, hash, session, SESSIONS_OF_ACCOUNT);
      const detail = { by, address: from.address, ...(providerId === null ? {} : { provider: providerId }) };
      await appendAudit(tx, { tenant, actor: caller.actor, action: 'session.opened', subject: caller.actor, detail });
      return null;
    });
    return (await opened.catch(goneMeanwhile)) ?? { token: secret, expiresAt, caller };
  }
}

function callerOf(
  account: Omit<accounts.AccountRow, 'passwordHash'>,
  { id: sessionId, csrfToken, providerId }: Pick<sessions.LiveSession, 'id' | 'csrfToken' | 'providerId'>,
): Caller {
  const { tenant, id, email } = account;
  const verified = { via: 'session', credential: `session:${sessionId}`, csrfToken, providerId } as const;
  return { tenant, accountId: id, email, ...rightsOfAccount(account), ...verified, actor: `account:${id}` };
}

function rightsOf(key: LiveKey): Rights {
  const { role, scopes, platform, sites, accountRole, accountPlatform, accountSites, suspended } = key;
  const account = { role: accountRole, platform: accountPlatform, sites: accountSites, suspended };
  return rightsOfKey({ role, scopes, platform, sites }, account);
}
