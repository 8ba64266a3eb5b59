/**
 * People: invited, given roles, disabled, removed.
 *
 * Invariants: nobody changes an account that may do more than they themselves, nor makes one such; a tenant always keeps
 * an owner who can sign in, also when two requests come at once: changes of a tenant's accounts take turns; a disabled
 * account has no session, and its keys do not work; the link of an invitation ends when its account is given more, since
 * whoever made the link has it too.
 */
import {
  within,
  type Account,
  type AccountAction,
  type Invitation,
  type InvitationRequest,
  type Role,
} from '@casare/shared/api';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantDatabase, Transaction } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import type { Caller } from '../platform/http/caller.ts';
import type { Unchanged } from '../platform/http/etag.ts';
import { letterLimit } from '../platform/mail/letter-limit.ts';
import type { Mailer } from '../platform/mail/mail.ts';
import { numberCursor, pageBy, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import type { TokenBuckets } from '../platform/token-buckets.ts';
import { aboveYourself } from './api-keys.service.ts';
import { removeAccount } from './account-removal.store.ts';
import { newSecret } from './credential.ts';
import * as store from './people.store.ts';
import { dropFactor } from './second-factor.store.ts';
import { endSessionsOf } from './session.store.ts';

/** Accounts of a tenant. */
export const ACCOUNTS = 10_000;

/** A link to be shown once. */
export type NewInvitation = Omit<Invitation, 'url' | 'mailedTo'> & { readonly token: string };

export class PeopleService {
  readonly #db: TenantDatabase;
  readonly #clock: Clock;

  readonly #mailer: Mailer | null;
  readonly #letters: TokenBuckets;

  /** `mailer`: null when the operator has no mail server. */
  constructor(db: TenantDatabase, clock: Clock, mailer: Mailer | null) {
    this.#db = db;
    this.#clock = clock;
    this.#mailer = mailer;
    this.#letters = letterLimit(clock);
  }

  /** Sends an invitation; false when it could not be sent, there is no mail, or the tenant has sent too many letters. */
  async mail(
    tenant: string,
    { id, email }: Pick<Account, 'id' | 'email'>,
    url: string,
    expiresAt: string,
  ): Promise<boolean> {
    if (this.#mailer === null || !this.#letters.take(tenant).allowed) return false;
    const text = `You are invited to Casare. Choose your password here:

${url}

The link is good once, until ${expiresAt}. Whoever has it can use it: do not pass this letter on.
`;
    try {
      await this.#mailer.send({
        ...{ to: [email], subject: 'Your invitation to Casare', text },
        id: `invitation-${id}-${this.#clock.now().getTime()}`,
      });
      return true;
    } catch (error) {
      if (error instanceof Fault) return false;
      throw error;
    }
  }

  async list(
    caller: Caller,
    ask: PageAsk & { readonly q?: string | undefined; readonly role?: Role | undefined },
  ): Promise<Page<Account> | Refusal> {
    const { limit, cursor, sort } = ask;
    const beyond = numberCursor(cursor);
    if (beyond === undefined) return badCursor();
    const range = { beyond, ascending: sort === 'createdAt', limit: limit + 1 };
    const page = pageBy(
      await store.listPeople(this.#db.of(caller.tenant), caller.tenant, range, ask),
      limit,
      ({ seq }) => seq,
    );
    return { ...page, items: page.items.map(viewOf) };
  }

  async get(caller: Caller, id: string): Promise<Account | Refusal> {
    const person = await store.personById(this.#db.of(caller.tenant), caller.tenant, id);
    return person === null ? notFound(id) : viewOf(person);
  }

  async invite(
    caller: Caller,
    { email, role, sites, ttlSeconds }: InvitationRequest,
  ): Promise<NewInvitation | Refusal> {
    const { tenant, actor } = caller;
    if (role === 'owner' && sites !== null) return ownersAreEverywhere();
    if (!within({ ...all(role), sites }, caller)) return aboveYourself(role);
    const id = crypto.randomUUID();
    return this.#db.of(caller.tenant).transaction(async (tx) => {
      await store.lockPeople(tx, tenant);
      if ((await store.countPeople(tx, tenant)) >= ACCOUNTS) return accountsFull();
      if (!(await store.addPerson(tx, tenant, { id, email, role, sites }, this.#clock.now()))) return exists();
      const detail = { email, role, sites };
      await appendAudit(tx, { tenant, actor, action: 'account.invited', subject: `account:${id}`, detail });
      return this.#link(tx, tenant, id, ttlSeconds);
    });
  }

  /** The first owner of a tenant that an operator of the platform makes, in that transaction. */
  async inviteOwner(
    tx: Transaction,
    { tenant, actor }: Pick<Caller, 'tenant' | 'actor'>,
    { email, ttlSeconds }: Pick<InvitationRequest, 'email' | 'ttlSeconds'>,
  ): Promise<NewInvitation | Refusal> {
    const id = crypto.randomUUID();
    if (!(await store.addPerson(tx, tenant, { id, email, role: 'owner', sites: null }, this.#clock.now())))
      return exists();
    const detail = { email, role: 'owner' };
    await appendAudit(tx, { tenant, actor, action: 'account.invited', subject: `account:${id}`, detail });
    return this.#link(tx, tenant, id, ttlSeconds);
  }

  async inviteAgain(caller: Caller, id: string, ttlSeconds: number): Promise<NewInvitation | Refusal> {
    return this.#change(caller, id, async (tx, person) => {
      if (person.joined || person.disabledAt !== null) return notInvited();
      const { tenant, actor } = caller;
      await appendAudit(tx, { tenant, actor, action: 'account.invitedAgain', subject: `account:${id}` });
      return this.#link(tx, tenant, id, ttlSeconds);
    });
  }

  async setRole(
    caller: Caller,
    id: string,
    { role, sites: given }: { readonly role: Role; readonly sites?: readonly string[] | null | undefined },
    unchanged?: Unchanged,
  ): Promise<Account | Refusal> {
    return this.#change(
      caller,
      id,
      async (tx, person) => {
        const { tenant, actor } = caller;
        const sites = given === undefined ? person.sites : given;
        if (!within({ ...all(role), sites }, caller)) return aboveYourself(role);
        if (role !== 'owner' && (await store.isLastOwner(tx, tenant, id))) return lastOwner();
        if (sites !== null && (role === 'owner' || person.platform)) return ownersAreEverywhere();
        if (role !== person.role || String(sites) !== String(person.sites)) {
          await store.setRole(tx, tenant, id, { role, sites });
          const before = { ...all(person.role), sites: person.sites };
          if (!within({ ...all(role), sites }, before)) await store.dropInvitation(tx, tenant, id);
          const detail = { from: person.role, to: role, sites };
          await appendAudit(tx, { tenant, actor, action: 'account.roleChanged', subject: `account:${id}`, detail });
        }
        return viewOf({ ...person, role, sites: sites && [...sites] });
      },
      unchanged,
    );
  }

  async act(caller: Caller, id: string, action: AccountAction, unchanged?: Unchanged): Promise<Account | Refusal> {
    return this.#change(
      caller,
      id,
      async (tx, person) => {
        const { tenant, actor } = caller;
        const audit = (done: string, detail = {}) =>
          appendAudit(tx, { tenant, actor, action: `account.${done}`, subject: `account:${id}`, detail });
        const refused = action === 'disable' ? await this.#stays(tx, caller, id) : null;
        if (refused) return refused;
        if (action === 'disable' && person.disabledAt === null) {
          await store.setDisabled(tx, tenant, id, this.#clock.now());
          await store.dropInvitation(tx, tenant, id);
          await audit('disabled');
        }
        if (action === 'enable' && person.disabledAt !== null) {
          await store.setDisabled(tx, tenant, id, null);
          await audit('enabled');
        }
        if (action !== 'enable') {
          const ended = await endSessionsOf(tx, tenant, id, null);
          if (action === 'end-sessions') await audit('sessionsEnded', { ended });
        }
        return viewOf((await store.personById(tx, tenant, id))!);
      },
      unchanged,
    );
  }

  /**
   * For good: its address is free, and who comes by a provider again gets a new account. Nobody does it to themselves, by
   * mistake or with a key that was stolen.
   */
  async delete(caller: Caller, id: string, unchanged?: Unchanged): Promise<void | Refusal> {
    return this.#change(
      caller,
      id,
      async (tx, person) => {
        const { tenant, actor } = caller;
        const refused = await this.#stays(tx, caller, id);
        if (refused) return refused;
        const removed = await removeAccount(tx, { tenant, id, heir: caller.accountId }, this.#clock.now());
        // The log names accounts by their ids: whose this one was stands here from now on.
        const { email, role, sites, platform } = person;
        const detail = { email, role, sites, platform, ...removed };
        await appendAudit(tx, { tenant, actor, action: 'account.deleted', subject: `account:${id}`, detail });
        return undefined;
      },
      unchanged,
    );
  }

  /** Why the account may neither be disabled nor removed. */
  async #stays(tx: Transaction, { tenant, accountId }: Caller, id: string): Promise<Refusal | null> {
    if (id === accountId) return ownAccount();
    if (await store.isLastOwner(tx, tenant, id)) return lastOwner();
    return (await store.isLastPlatformOperator(tx, tenant, id)) ? lastPlatformOperator() : null;
  }

  /** The platform keeps somebody who looks after it, and nobody leaves it by mistake: not oneself. */
  async setPlatform(caller: Caller, id: string, platform: boolean, unchanged?: Unchanged): Promise<Account | Refusal> {
    return this.#change(
      caller,
      id,
      async (tx, person) => {
        const { tenant, actor } = caller;
        if (platform && !(await store.isOperatorTenant(tx, tenant))) return elsewhere();
        if (platform && person.sites !== null) return ownersAreEverywhere();
        if (!platform && id === caller.accountId) return ownAccount();
        if (!platform && (await store.isLastPlatformOperator(tx, tenant, id))) return lastPlatformOperator();
        if (platform !== person.platform) {
          await store.setPlatform(tx, tenant, id, platform);
          if (platform) await store.dropInvitation(tx, tenant, id);
          const action = platform ? 'account.platformGiven' : 'account.platformTaken';
          await appendAudit(tx, { tenant, actor, action, subject: `account:${id}` });
        }
        return viewOf({ ...person, platform });
      },
      unchanged,
    );
  }

  /** For who has lost it. Nobody does it for themselves: a session or key that was stolen must not. */
  async resetSecondFactor(caller: Caller, id: string, unchanged?: Unchanged): Promise<Account | Refusal> {
    return this.#change(
      caller,
      id,
      async (tx, person) => {
        const { tenant, actor } = caller;
        if (id === caller.accountId) return ownAccount();
        if (await dropFactor(tx, { tenant, accountId: id })) {
          await endSessionsOf(tx, tenant, id, null);
          await appendAudit(tx, { tenant, actor, action: 'secondFactor.reset', subject: `account:${id}` });
        }
        return viewOf({ ...person, secondFactor: false });
      },
      unchanged,
    );
  }

  /** Does `work` on an account that the caller may change, while nobody else changes any of the tenant. */
  #change<T>(
    caller: Caller,
    id: string,
    work: (tx: Transaction, person: store.PersonRow) => Promise<T | Refusal>,
    unchanged?: Unchanged,
  ): Promise<T | Refusal> {
    return this.#db.of(caller.tenant).transaction(async (tx) => {
      await store.lockPeople(tx, caller.tenant);
      const person = await store.personById(tx, caller.tenant, id);
      if (person === null) return notFound(id);
      if (!within({ ...all(person.role), platform: person.platform, sites: person.sites }, caller))
        return aboveYourself(person.role);
      return unchanged?.(viewOf(person)) ?? work(tx, person);
    });
  }

  async #link(tx: Transaction, tenant: string, id: string, ttlSeconds: number): Promise<NewInvitation> {
    const { secret, hash } = newSecret();
    const expiresAt = new Date(this.#clock.now().getTime() + ttlSeconds * 1_000);
    await store.putInvitation(tx, tenant, id, hash, expiresAt);
    const person = await store.personById(tx, tenant, id);
    return { account: viewOf(person!), token: secret, expiresAt: expiresAt.toISOString() };
  }
}

function all(role: Role) {
  return { role, scopes: null };
}

function viewOf(row: store.PersonRow): Account {
  const { id, email, role, platform, sites, secondFactor } = row;
  return {
    ...{ id, email, role, platform, sites, secondFactor },
    state: row.disabledAt !== null ? 'disabled' : row.joined ? 'active' : 'invited',
    createdAt: row.createdAt.toISOString(),
    lastSignInAt: row.lastSignInAt?.toISOString() ?? null,
  };
}

function notFound(id: string): Refusal {
  return refuse('not_found', 'ACCOUNT_NOT_FOUND', `There is no account ${id}.`, { fix: 'See `casare accounts list`.' });
}

function exists(): Refusal {
  return refuse('conflict', 'ACCOUNT_EXISTS', 'There is an account with this e-mail address.', {
    fix: 'Change that account, or use another address.',
  });
}

function ownersAreEverywhere(): Refusal {
  return refuse('unprocessable', 'SITES_NOT_OF_ROLE', 'Owners, and operators of the platform, are so everywhere.', {
    fix: 'Give another role at these sites, or leave the sites out.',
  });
}

export function accountsFull(): Refusal {
  return refuse('conflict', 'ACCOUNTS_FULL', `This tenant has ${ACCOUNTS} accounts.`, { fix: 'Ask the operator.' });
}

function notInvited(): Refusal {
  return refuse('conflict', 'ACCOUNT_NOT_INVITED', 'This account does not wait for its invitation to be used.', {
    detail: 'Its person has chosen a password, or it is disabled.',
    fix: 'Enable it, or let its person sign in.',
  });
}

function ownAccount(): Refusal {
  return refuse('conflict', 'ACCOUNT_OWN', 'Nobody can do this to the account they use.', {
    fix: 'Ask another owner or admin.',
  });
}

function lastOwner(): Refusal {
  return refuse('conflict', 'LAST_OWNER', 'This is the last owner who can sign in.', {
    detail: 'Without an owner, nobody could look after the tenant any more.',
    fix: 'Make somebody else an owner first.',
  });
}

function lastPlatformOperator(): Refusal {
  return refuse('conflict', 'LAST_PLATFORM_OPERATOR', 'This is the last operator of the platform who can sign in.', {
    detail: 'Without one, nobody could make or look after tenants any more.',
    fix: 'Make somebody else an operator of the platform first.',
  });
}

function elsewhere(): Refusal {
  return refuse(
    'unprocessable',
    'PLATFORM_ELSEWHERE',
    "Only accounts of the operator's tenant look after the platform.",
    {
      fix: 'Invite the person there.',
    },
  );
}
