/**
 * Secrets of workflows: values are written and never read back. What is read is what is known of them: names, versions,
 * what they may be used for, when they should be replaced.
 */
import { z } from 'zod';
import { SecretName, SecretOrigin, SecretStep } from '../protocol/secret-rules.ts';
import { SecretValue } from '../protocol/secret-value.ts';
import { endpoint } from './endpoint.ts';
import { FILTERS, paged, time } from './page.ts';

/** Null takes a rule away. */
const rule = <Item extends z.ZodType>(item: Item) => z.array(item).max(50).nullable();

export const SecretRequest = z.strictObject({
  /** A new version. Absent: only what is said about the secret changes. */
  value: SecretValue.optional(),
  description: z
    .string()
    .max(500)
    .regex(/^\P{C}*$/u, 'holds characters that do not show')
    .optional(),
  allowedSteps: rule(SecretStep).optional(),
  allowedOrigins: rule(SecretOrigin).optional(),
  /** After so many days without a new version it is called due. Null: never. */
  rotateAfterDays: z.int().min(1).max(3_650).nullable().optional(),
});
export type SecretRequest = z.infer<typeof SecretRequest>;

export const Secret = z
  .object({
    name: z.string(),
    description: z.string(),
    /** The newest version, which jobs get. */
    version: z.int(),
    /** Null: every step. */
    allowedSteps: z.array(z.string()).nullable(),
    /** Null: every origin. */
    allowedOrigins: z.array(z.string()).nullable(),
    rotateAfterDays: z.int().nullable(),
    /** It should have been replaced by now. */
    rotationDue: z.boolean(),
    createdAt: time,
    createdBy: z.string(),
    /** When the newest version was stored. */
    versionAt: time,
    /** To the minute. */
    lastUsedAt: time.nullable(),
  })
  .meta({ id: 'Secret' });
export type Secret = z.infer<typeof Secret>;

export const SecretVersion = z
  .object({ version: z.int(), createdAt: time, createdBy: z.string(), masterKey: z.string() })
  .meta({ id: 'SecretVersion' });
export type SecretVersion = z.infer<typeof SecretVersion>;

/** How far the versions of all tenants are under the master key in use. */
export const MasterRotation = z
  .object({
    /** The key that is in use; data keys are wrapped by it. */
    current: z.string(),
    /** Keys that are still needed for what is not wrapped anew yet. */
    retiring: z.array(z.string()),
    /** Versions that are still under one of them. */
    remaining: z.int(),
    done: z.boolean(),
  })
  .meta({ id: 'MasterRotation' });
export type MasterRotation = z.infer<typeof MasterRotation>;

const params = z.object({ name: SecretName });

export const secrets = {
  list: endpoint({
    id: 'secrets.list',
    method: 'GET',
    path: '/secrets',
    summary: 'Lists secrets by name, without their values.',
    permission: 'secrets:read',
    ...paged(Secret, { sort: ['name', '-name'], filters: { q: FILTERS.q } }),
    problems: ['CURSOR_INVALID'],
  }),
  get: endpoint({
    id: 'secrets.get',
    method: 'GET',
    path: '/secrets/{name}',
    summary: 'Shows what is known of a secret. Its value is never shown.',
    permission: 'secrets:read',
    params,
    answer: { json: Secret },
    problems: ['SECRET_NOT_FOUND'],
  }),
  set: endpoint({
    id: 'secrets.set',
    method: 'POST',
    path: '/secrets/{name}',
    summary: 'Stores a new version of a secret, making the secret if there is none, or changes what is said about it.',
    permission: 'secrets:write',
    params,
    body: SecretRequest,
    answer: { json: Secret },
    problems: ['SECRET_NOT_FOUND', 'SECRET_VALUE_NEEDED', 'SECRETS_FULL'],
  }),
  versions: endpoint({
    id: 'secrets.versions',
    method: 'GET',
    path: '/secrets/{name}/versions',
    summary: 'Lists the versions of a secret that are kept, newest first.',
    permission: 'secrets:read',
    params,
    ...paged(SecretVersion, { sort: ['-version', 'version'], filters: {} }),
    problems: ['SECRET_NOT_FOUND', 'CURSOR_INVALID'],
  }),
  delete: endpoint({
    id: 'secrets.delete',
    method: 'DELETE',
    path: '/secrets/{name}',
    summary: 'Deletes a secret with all its versions.',
    permission: 'secrets:write',
    params,
    answer: 'nothing',
    problems: ['SECRET_NOT_FOUND'],
  }),
  deleteVersion: endpoint({
    id: 'secrets.deleteVersion',
    method: 'DELETE',
    path: '/secrets/{name}/versions/{version}',
    summary: 'Deletes an older version of a secret.',
    permission: 'secrets:write',
    params: params.extend({ version: z.coerce.number().int().min(1).max(2_147_483_647) }),
    answer: 'nothing',
    problems: ['SECRET_NOT_FOUND', 'SECRET_VERSION_IN_USE'],
  }),
  rotateMaster: endpoint({
    id: 'secrets.rotateMaster',
    method: 'POST',
    path: '/secret-master-key/rotate',
    summary:
      'Begins a rotation of the key that all secrets are under, or goes on with it: wraps some hundred versions anew. To be repeated until `done`.',
    permission: 'platform:write',
    body: z.strictObject({
      /** Only go on with the rotation to this key. */
      to: z.string().max(200).optional(),
    }),
    answer: { json: MasterRotation },
    problems: ['MASTER_KEY_SAME', 'MASTER_ROTATION_OTHER'],
  }),
} as const;
