/** API keys: how programs call. A key belongs to an account and never may more than that account. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { FILTERS, paged, time } from './page.ts';
import { Role, RolePermission, Site } from './permissions.ts';

/** A name that a person gives: one line, without what a terminal would obey. */
export const GivenName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{C}*$/u, 'holds characters that do not show');

/** Ten years; who wants a key for longer wants one without an end. */
const KEY_SECONDS = 10 * 366 * 86_400;

export const ApiKeyRequest = z.strictObject({
  name: GivenName,
  /** Absent: the caller's own. */
  role: Role.optional(),
  /** Only these permissions of the role; absent: all of them. */
  scopes: z.array(RolePermission).min(1).max(50).optional(),
  /** Only at these sites; absent: where the caller may. */
  sites: z.array(Site).min(1).max(50).optional(),
  /** It may also do what operators of the platform may, as its maker does. */
  platform: z.boolean().default(false),
  /** Absent: it does not expire. A key that is made with an expiring key expires no later than that. */
  ttlSeconds: z.int().min(60).max(KEY_SECONDS).optional(),
});
export type ApiKeyRequest = z.output<typeof ApiKeyRequest>;

/** Whose keys or sessions: the caller's own, or everybody's of the tenant, which needs accounts:read. */
export const Whose = z.enum(['own', 'all']);
export type Whose = z.infer<typeof Whose>;

export const ApiKey = z
  .object({
    id: z.string(),
    name: z.string(),
    account: z.object({ id: z.uuid(), email: z.string() }),
    role: Role,
    scopes: z.array(RolePermission).nullable(),
    /** Where it holds; null: everywhere. */
    sites: z.array(z.string()).nullable(),
    platform: z.boolean(),
    state: z.enum(['active', 'expired', 'revoked']),
    createdAt: time,
    /** `account:<id>`, `key:<id>` or `system`. */
    createdBy: z.string(),
    expiresAt: time.nullable(),
    revokedAt: time.nullable(),
    /** The key that it was rotated to; it works until `expiresAt`, or was revoked at once. */
    replacedBy: z.string().nullable(),
    /** To the minute. */
    lastUsedAt: time.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof ApiKey>;

/** `key` is the secret: it is in this answer and nowhere else. */
export const NewApiKey = ApiKey.extend({ key: z.string() }).meta({ id: 'NewApiKey' });
export type NewApiKey = z.infer<typeof NewApiKey>;

/** A week: who needs longer for a roll-out makes a second key. */
const GRACE_SECONDS = 7 * 86_400;

export const KeyRotation = z.strictObject({
  /** How long the key that is replaced still works. 0 unless said otherwise: a key that leaked is to end now. */
  graceSeconds: z.int().min(0).max(GRACE_SECONDS).default(0),
});
export type KeyRotation = z.output<typeof KeyRotation>;

export const RotatedApiKey = NewApiKey.extend({
  /** The key before it, and when that ends. */
  replaces: z.object({ id: z.string(), until: time }),
}).meta({ id: 'RotatedApiKey' });
export type RotatedApiKey = z.infer<typeof RotatedApiKey>;

export const apiKeys = {
  list: endpoint({
    id: 'apiKeys.list',
    method: 'GET',
    path: '/api-keys',
    summary: 'Lists API keys, newest first, without their secrets.',
    permission: 'self:read',
    ...paged(ApiKey, {
      sort: ['-createdAt', 'createdAt'],
      filters: {
        of: Whose.default('own'),
        /** Also those that have expired or were revoked. */
        ended: z.enum(['true', 'false']).default('false'),
        q: FILTERS.q,
      },
    }),
    problems: ['CURSOR_INVALID'],
  }),
  create: endpoint({
    id: 'apiKeys.create',
    method: 'POST',
    path: '/api-keys',
    status: 201,
    summary: 'Makes an API key of the caller, which may no more than the caller. The key is shown once.',
    permission: 'self:write',
    body: ApiKeyRequest,
    answer: { json: NewApiKey },
    problems: ['ABOVE_YOURSELF', 'SCOPE_OUTSIDE_ROLE', 'KEYS_FULL'],
  }),
  rotate: endpoint({
    id: 'apiKeys.rotate',
    method: 'POST',
    path: '/api-keys/{id}/rotate',
    status: 201,
    summary:
      "Replaces one of the caller's own keys: a new secret, shown once, for the same name, role, scopes and sites.",
    permission: 'self:write',
    params: z.object({ id: z.string().regex(/^[0-9a-f]{16}$/) }),
    body: KeyRotation,
    answer: { json: RotatedApiKey },
    problems: ['KEY_NOT_FOUND', 'KEY_NOT_YOURS', 'KEY_ENDED', 'ABOVE_YOURSELF', 'KEYS_FULL'],
  }),
  revoke: endpoint({
    id: 'apiKeys.revoke',
    method: 'DELETE',
    path: '/api-keys/{id}',
    summary: 'Revokes an API key at once, also on open event streams. The key of somebody else needs accounts:write.',
    permission: 'self:write',
    params: z.object({ id: z.string().regex(/^[0-9a-f]{16}$/) }),
    answer: 'nothing',
    problems: ['KEY_NOT_FOUND', 'ABOVE_YOURSELF'],
  }),
} as const;
