/** Sign-in of people. Programs use API keys (`Authorization: Bearer`). */
import { z } from 'zod';
import { NewPassword } from './accounts.ts';
import { endpoint } from './endpoint.ts';
import { time } from './page.ts';
import { Role, RolePermission } from './permissions.ts';
import { FactorCode } from './second-factor.ts';

/** Who is asking. */
export const Me = z
  .object({
    accountId: z.uuid(),
    email: z.string().nullable(),
    role: Role,
    /** What the caller may do: all of the role, or what the key's scopes leave of it. */
    permissions: z.array(RolePermission),
    /** Where they may; null: at every site. */
    sites: z.array(z.string()).nullable(),
    tenant: z.string(),
    via: z.enum(['session', 'apiKey', 'token']),
    /** To be sent as `X-CSRF-Token` with every changing request of a session; null for API keys. */
    csrfToken: z.string().nullable(),
  })
  .meta({ id: 'Me' });
export type Me = z.infer<typeof Me>;

/** Either e-mail and password, or the one-time sign-in link's code. */
export const LoginRequest = z.union([
  z.strictObject({
    email: z.string().max(320),
    password: z.string().max(1_000),
    /** Where AUTH_SECOND_FACTOR_NEEDED was answered: six digits, or a recovery code. */
    secondFactor: FactorCode.optional(),
  }),
  z.strictObject({ code: z.string().max(200) }),
]);
export type LoginRequest = z.infer<typeof LoginRequest>;

/** A code that signs its maker in once; `url` is the console's page that uses it. */
export const SignInCode = z.object({ code: z.string(), url: z.string(), expiresAt: time }).meta({ id: 'SignInCode' });
export type SignInCode = z.infer<typeof SignInCode>;

export const auth = {
  login: endpoint({
    id: 'auth.login',
    method: 'POST',
    path: '/auth/login',
    summary: 'Signs a person in; sets the session cookie.',
    permission: 'public',
    body: LoginRequest,
    answer: { json: Me },
    problems: [
      'AUTH_WRONG_CREDENTIALS',
      'AUTH_SECOND_FACTOR_NEEDED',
      'AUTH_SECOND_FACTOR_WRONG',
      'AUTH_CODE_USED',
      'AUTH_LOCKED_OUT',
    ],
  }),
  logout: endpoint({
    id: 'auth.logout',
    method: 'POST',
    path: '/auth/logout',
    summary: 'Ends the session.',
    permission: 'signedIn',
    answer: 'nothing',
  }),
  me: endpoint({
    id: 'auth.me',
    method: 'GET',
    path: '/auth/me',
    summary: 'Who the caller is.',
    permission: 'signedIn',
    answer: { json: Me },
  }),
  acceptInvitation: endpoint({
    id: 'auth.acceptInvitation',
    method: 'POST',
    path: '/auth/invitation',
    summary: 'Uses an invitation up: sets the password and signs in.',
    permission: 'public',
    body: z.strictObject({ token: z.string().max(200), password: NewPassword }),
    answer: { json: Me },
    problems: ['AUTH_INVITATION_USED'],
  }),
  changePassword: endpoint({
    id: 'auth.changePassword',
    method: 'POST',
    path: '/auth/password',
    summary: 'Changes the password of who is signed in, and ends all their other sessions.',
    permission: 'self:write',
    body: z.strictObject({ password: z.string().max(1_000), newPassword: NewPassword }),
    answer: { json: z.object({ ended: z.int() }) },
    problems: ['SESSION_NEEDED', 'PASSWORD_WRONG', 'AUTH_LOCKED_OUT'],
  }),
  createSignInCode: endpoint({
    id: 'auth.createSignInCode',
    method: 'POST',
    path: '/auth/sign-in-codes',
    status: 201,
    summary:
      'Makes a one-time sign-in link for the caller, good for ten minutes. A key must have all its account may do.',
    permission: 'accounts:write',
    answer: { json: SignInCode },
    problems: ['KEY_NARROWER'],
  }),
} as const;
