/** The second factor of who signs in by password: codes of an authenticator (TOTP, RFC 6238), and recovery codes. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';

/** Six digits of the authenticator, or a recovery code. */
export const FactorCode = z.string().min(1).max(50);
const RecoveryCodes = z.object({ recoveryCodes: z.array(z.string()) }).meta({ id: 'RecoveryCodes' });
const problems = ['SESSION_NEEDED', 'SECOND_FACTOR_WRONG', 'SECOND_FACTOR_OFF', 'AUTH_LOCKED_OUT'] as const;

export const secondFactor = {
  show: endpoint({
    id: 'secondFactor.show',
    method: 'GET',
    path: '/auth/second-factor',
    summary: 'Says whether the caller signs in with a second factor, and how many recovery codes are left.',
    permission: 'self:read',
    answer: { json: z.object({ on: z.boolean(), recoveryCodesLeft: z.int() }) },
  }),
  begin: endpoint({
    id: 'secondFactor.begin',
    method: 'POST',
    path: '/auth/second-factor',
    status: 201,
    summary: 'Makes a secret for an authenticator. It counts once a code of it was confirmed.',
    permission: 'self:write',
    body: z.strictObject({ password: z.string().max(1_000) }),
    answer: { json: z.object({ secret: z.string(), url: z.string() }).meta({ id: 'NewSecondFactor' }) },
    problems: ['SESSION_NEEDED', 'PASSWORD_WRONG', 'SECOND_FACTOR_ON', 'AUTH_LOCKED_OUT'],
  }),
  confirm: endpoint({
    id: 'secondFactor.confirm',
    method: 'POST',
    path: '/auth/second-factor/confirm',
    summary: 'Turns the second factor on by its first code; the recovery codes are shown once.',
    permission: 'self:write',
    body: z.strictObject({ code: FactorCode }),
    answer: { json: RecoveryCodes },
    problems,
  }),
  newRecoveryCodes: endpoint({
    id: 'secondFactor.newRecoveryCodes',
    method: 'POST',
    path: '/auth/second-factor/recovery-codes',
    summary: 'Makes new recovery codes in the place of all old ones.',
    permission: 'self:write',
    body: z.strictObject({ code: FactorCode }),
    answer: { json: RecoveryCodes },
    problems,
  }),
  remove: endpoint({
    id: 'secondFactor.remove',
    method: 'POST',
    path: '/auth/second-factor/remove',
    summary: 'Turns the second factor off, by a code of it.',
    permission: 'self:write',
    body: z.strictObject({ code: FactorCode }),
    answer: 'nothing',
    problems,
  }),
} as const;
