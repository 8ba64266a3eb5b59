/**
 * The account of somebody whom a provider vouches for: found, linked or made, with the role that their groups give.
 *
 * Invariants: nobody without a listed group gets in, nor into an account that they had before; an account is reached by the
 * provider's own id of a person, never by a name or an address, except once where `linkByEmail` says so, of the same tenant,
 * with an address that the provider has verified; no account of the platform's operators is linked, and the last owner is
 * not demoted.
 */
import type { Role } from '@casare/shared/api';
import { z } from 'zod';
import { appendAudit } from '../audit/index.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import * as accounts from './account.store.ts';
import { ACCOUNTS, accountsFull } from './people.service.ts';
import * as people from './people.store.ts';
import { accountOfIdentity, addIdentity, type ProviderRow } from './provider.store.ts';
import { roleFor } from './role-mapping.decision.ts';

/** What is read of a provider's word; it may say more. */
const Claims = z.looseObject({
  sub: z.string().min(1).max(500),
  email: z.email().max(320).optional().catch(undefined),
  email_verified: z.boolean().optional().catch(undefined),
});

/** What was verified to come from the provider becomes an account; all changes of a tenant's accounts take turns. */
export async function accountOf(
  db: Database,
  provider: ProviderRow,
  word: object,
  now: Date,
): Promise<accounts.AccountRow | Refusal> {
  const claims = Claims.parse(word);
  const role = roleFor(claims, provider.groupsClaim, provider.roles);
  if (role === null) return noRole(provider);
  return db.transaction(async (tx) => {
    await people.lockPeople(tx, provider.tenant);
    const known = await accountOfIdentity(tx, provider, claims.sub);
    const found = known === null ? await newcomer(tx, provider, claims, role, now) : known;
    if (typeof found !== 'string') return found;
    const account = await accounts.accountById(tx, provider.tenant, found);
    if (account === null) return disabled();
    return { ...account, role: await follow(tx, provider, account, role) };
  });
}

/** Somebody who was never here: the id of their account. */
async function newcomer(
  tx: Transaction,
  provider: ProviderRow,
  claims: z.infer<typeof Claims>,
  role: Role,
  now: Date,
): Promise<string | Refusal> {
  const { tenant } = provider;
  const { email, sub } = claims;
  if (email === undefined || (claims.email_verified !== true && !provider.trustEmail)) return unverified(provider);
  const own = await people.personByEmail(tx, tenant, email);
  if (own !== null) {
    if (!provider.linkByEmail || own.platform) return emailTaken();
    await addIdentity(tx, provider, sub, own.id, now);
    // They have joined: a link that they were sent would let in whoever finds it.
    await people.dropInvitation(tx, tenant, own.id);
    await audit(tx, provider, own.id, 'linked', { email });
    return own.id;
  }
  if ((await people.countPeople(tx, tenant)) >= ACCOUNTS) return accountsFull();
  const id = crypto.randomUUID();
  // Also when the address is of somebody in another tenant, of whom nothing is said.
  if (!(await people.addPerson(tx, tenant, { id, email, role, sites: null }, now))) return emailTaken();
  await addIdentity(tx, provider, sub, id, now);
  await audit(tx, provider, id, 'joined', { email, role });
  return id;
}

/** Gives the account the role that its groups give now. */
async function follow(tx: Transaction, provider: ProviderRow, account: accounts.AccountRow, role: Role): Promise<Role> {
  const { tenant } = provider;
  if (role === account.role) return role;
  if (await people.isLastOwner(tx, tenant, account.id)) return account.role;
  // Its sites stay, but for an owner, who is one everywhere.
  await people.setRole(tx, tenant, account.id, { role, sites: role === 'owner' ? null : account.sites });
  await audit(tx, provider, account.id, 'roleChanged', { from: account.role, to: role });
  return role;
}

async function audit(tx: Transaction, provider: ProviderRow, id: string, done: string, more: object): Promise<void> {
  const { tenant } = provider;
  const detail = { ...more, provider: provider.id };
  await appendAudit(tx, {
    tenant,
    actor: `provider:${provider.id}`,
    action: `account.${done}`,
    subject: `account:${id}`,
    detail,
  });
}

function noRole({ name }: ProviderRow): Refusal {
  return refuse('denied', 'SIGN_ON_NO_ROLE', 'You have no access to Casare.', {
    detail: `${name} says of no group of yours that it has.`,
    fix: 'Ask an owner to list one of your groups, or your administrator to put you into one that is listed.',
  });
}

function unverified({ name }: ProviderRow): Refusal {
  return refuse('denied', 'SIGN_ON_EMAIL_UNVERIFIED', `${name} gives no verified e-mail address of yours.`, {
    fix: 'Verify it there. An owner may also take its addresses for verified.',
  });
}

function emailTaken(): Refusal {
  return refuse('denied', 'SIGN_ON_EMAIL_TAKEN', 'Your e-mail address has an account already, which is not linked.', {
    fix: 'Sign in as you did before, or ask an owner.',
  });
}

function disabled(): Refusal {
  return refuse('denied', 'SIGN_ON_DISABLED', 'Your account is disabled.', { fix: 'Ask an owner or admin.' });
}
