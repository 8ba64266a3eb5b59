/** Accounts: the people of a tenant. They are invited, and choose a password by the invitation's link. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { FILTERS, IdParams, paged, time } from './page.ts';
import { Role, Site } from './permissions.ts';

/** Long rather than odd: no rule about signs, as NIST SP 800-63B has it. */
export const NewPassword = z.string().min(12, 'needs at least 12 characters').max(1_000);

export const Account = z
  .object({
    id: z.uuid(),
    email: z.string(),
    role: Role,
    /** Where it holds; null: everywhere. */
    sites: z.array(z.string()).nullable(),
    /** Looks after the platform: all tenants. */
    platform: z.boolean(),
    /** Invited: no password was chosen yet. */
    state: z.enum(['invited', 'active', 'disabled']),
    createdAt: time,
    lastSignInAt: time.nullable(),
    /** Signing in asks for a second factor. */
    secondFactor: z.boolean(),
  })
  .meta({ id: 'Account' });
export type Account = z.infer<typeof Account>;

const ttlSeconds = z
  .int()
  .min(300)
  .max(30 * 86_400)
  .default(7 * 86_400);

/** Where a role holds: these sites of the tenant alone; null: everywhere. An owner is one everywhere. */
export const Sites = z.array(Site).min(1).max(50).nullable();

export const InvitationRequest = z.strictObject({
  email: z.email().max(320),
  role: Role,
  sites: Sites.default(null),
  ttlSeconds,
});
export type InvitationRequest = z.output<typeof InvitationRequest>;

/**
 * `url` is the secret: it is in this answer and nowhere else. Who opens it chooses the account's password. Null when it was
 * sent by mail, to `mailedTo`, and then not even who invites sees it.
 */
export const Invitation = z
  .object({ account: Account, url: z.string().nullable(), mailedTo: z.string().nullable(), expiresAt: time })
  .meta({ id: 'Invitation' });
export type Invitation = z.infer<typeof Invitation>;

export const AccountAction = z.enum(['disable', 'enable', 'end-sessions']);
export type AccountAction = z.infer<typeof AccountAction>;

export const accounts = {
  list: endpoint({
    id: 'accounts.list',
    method: 'GET',
    path: '/accounts',
    summary: 'Lists the accounts of the tenant, newest first.',
    permission: 'accounts:read',
    ...paged(Account, { sort: ['-createdAt', 'createdAt'], filters: { q: FILTERS.q, role: Role.optional() } }),
    problems: ['CURSOR_INVALID'],
  }),
  get: endpoint({
    id: 'accounts.get',
    passing: ['lastSignInAt'],
    method: 'GET',
    path: '/accounts/{id}',
    summary: 'Shows an account.',
    permission: 'accounts:read',
    params: IdParams,
    answer: { json: Account },
    problems: ['ACCOUNT_NOT_FOUND'],
  }),
  invite: endpoint({
    id: 'accounts.invite',
    method: 'POST',
    path: '/accounts',
    status: 201,
    summary: 'Makes an account and a link by which its person chooses a password, once. The link is shown once.',
    permission: 'accounts:write',
    body: InvitationRequest,
    answer: { json: Invitation },
    problems: ['ACCOUNT_EXISTS', 'ACCOUNTS_FULL', 'ABOVE_YOURSELF', 'SITES_NOT_OF_ROLE'],
  }),
  inviteAgain: endpoint({
    id: 'accounts.inviteAgain',
    method: 'POST',
    path: '/accounts/{id}/invitations',
    status: 201,
    summary: 'Makes a new link for somebody who has not used theirs; the old one is good no more.',
    permission: 'accounts:write',
    params: IdParams,
    body: z.strictObject({ ttlSeconds }),
    answer: { json: Invitation },
    problems: ['ACCOUNT_NOT_FOUND', 'ACCOUNT_NOT_INVITED', 'ABOVE_YOURSELF'],
  }),
  setRole: endpoint({
    id: 'accounts.setRole',
    ifMatch: 'accounts.get',
    method: 'POST',
    path: '/accounts/{id}/role',
    summary:
      'Gives an account another role, everywhere or at some sites, with the next request of its sessions and keys.',
    permission: 'accounts:write',
    params: IdParams,
    /** Without `sites` they stay as they are. */
    body: z.strictObject({ role: Role, sites: Sites.optional() }),
    answer: { json: Account },
    problems: ['ACCOUNT_NOT_FOUND', 'LAST_OWNER', 'ABOVE_YOURSELF', 'SITES_NOT_OF_ROLE'],
  }),
  setPlatform: endpoint({
    id: 'accounts.setPlatform',
    ifMatch: 'accounts.get',
    method: 'POST',
    path: '/accounts/{id}/platform',
    summary: "Makes an account of the operator's tenant an operator of the platform, or no longer one.",
    permission: 'platform:write',
    params: IdParams,
    body: z.strictObject({ platform: z.boolean() }),
    answer: { json: Account },
    problems: ['ACCOUNT_NOT_FOUND', 'ACCOUNT_OWN', 'LAST_PLATFORM_OPERATOR', 'PLATFORM_ELSEWHERE', 'SITES_NOT_OF_ROLE'],
  }),
  resetSecondFactor: endpoint({
    id: 'accounts.resetSecondFactor',
    ifMatch: 'accounts.get',
    method: 'POST',
    path: '/accounts/{id}/reset-second-factor',
    summary: 'Takes the second factor of somebody who has lost it away, and ends their sessions.',
    permission: 'accounts:recover',
    params: IdParams,
    answer: { json: Account },
    problems: ['ACCOUNT_NOT_FOUND', 'ACCOUNT_OWN'],
  }),
  delete: endpoint({
    id: 'accounts.delete',
    ifMatch: 'accounts.get',
    method: 'DELETE',
    path: '/accounts/{id}',
    summary: 'Removes an account for good: its sessions end, its keys stop at once. The audit log keeps who it was.',
    permission: 'accounts:write',
    params: IdParams,
    answer: 'nothing',
    problems: ['ACCOUNT_NOT_FOUND', 'ACCOUNT_OWN', 'LAST_OWNER', 'LAST_PLATFORM_OPERATOR', 'ABOVE_YOURSELF'],
  }),
  act: endpoint({
    id: 'accounts.act',
    ifMatch: 'accounts.get',
    method: 'POST',
    path: '/accounts/{id}/{action}',
    summary: 'Disables an account (its sessions end, its keys stop at once), enables it, or ends its sessions.',
    permission: 'accounts:write',
    params: IdParams.extend({ action: AccountAction }),
    answer: { json: Account },
    problems: ['ACCOUNT_NOT_FOUND', 'ACCOUNT_OWN', 'LAST_OWNER', 'ABOVE_YOURSELF'],
  }),
} as const;
