/**
 * Secrets of workflows: values are written and never read back. What is read is what is known of them: names, versions,
 * what they may be used for, when they should be replaced.
 */
import { z } from 'zod';
import { SecretName, SecretOrigin, SecretStep } from '../protocol/secret-rules.ts';
import { SecretValue } from '../protocol/secret-value.ts';
import { Sealed, SealingPublicKey } from '../sealing/shapes.ts';
import { AgentState } from './agents.ts';
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

/** `server`: the control plane opens it when it is used. `sealed`: only the agents that it was sealed to open it. */
export const SecretMode = z.enum(['server', 'sealed']);
export type SecretMode = z.infer<typeof SecretMode>;

export const Secret = z
  .object({
    name: z.string(),
    mode: SecretMode,
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
  .object({ version: z.int(), createdAt: time, createdBy: z.string(), masterKey: z.string().nullable() })
  .meta({ id: 'SecretVersion' });
export type SecretVersion = z.infer<typeof SecretVersion>;

/** Agents that a version is sealed to. */
const RECIPIENTS = 100;

/** A version that was sealed where this cannot see it; its rules are inside too, and told here for people. */
export const SealRequest = SecretRequest.omit({ value: true }).extend({
  /** The one that it becomes: what is sealed is bound to it. */
  version: z.int().min(1).max(2_147_483_647),
  sealed: z
    .array(z.strictObject({ agentId: z.uuid(), publicKey: SealingPublicKey, sealed: Sealed }))
    .min(1)
    .max(RECIPIENTS)
    .refine((all) => new Set(all.map(({ agentId }) => agentId)).size === all.length, 'names an agent twice'),
});
export type SealRequest = z.infer<typeof SealRequest>;

/** An agent, and what secrets are sealed to for it. */
export const SealingKey = z
  .object({
    tenant: z.string(),
    agentId: z.uuid(),
    agent: z.string(),
    state: AgentState,
    /** X25519, base64, as the agent said it. Null: it said none, and gets no sealed secrets. */
    publicKey: z.string().nullable(),
    /** Of the public key: to be compared with what the agent itself shows. */
    fingerprint: z.string().nullable(),
  })
  .meta({ id: 'SealingKey' });
export type SealingKey = z.infer<typeof SealingKey>;

/** Whom the newest version is sealed to. */
export const SealedRecipient = z
  .object({
    agentId: z.uuid(),
    agent: z.string(),
    /** Of the key that it was sealed to. */
    fingerprint: z.string(),
    /** False: the agent has another key by now, and it has to be sealed anew. */
    opens: z.boolean(),
  })
  .meta({ id: 'SealedRecipient' });
export type SealedRecipient = z.infer<typeof SealedRecipient>;

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
    passing: ['rotationDue', 'lastUsedAt'],
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
    ifMatch: 'secrets.get',
    method: 'POST',
    path: '/secrets/{name}',
    summary: 'Stores a new version of a secret, making the secret if there is none, or changes what is said about it.',
    permission: 'secrets:write',
    params,
    body: SecretRequest,
    answer: { json: Secret },
    problems: ['SECRET_NOT_FOUND', 'SECRET_VALUE_NEEDED', 'SECRETS_FULL', 'SECRET_IS_SEALED'],
  }),
  sealingKeys: endpoint({
    id: 'secrets.sealingKeys',
    method: 'GET',
    path: '/sealing-keys',
    summary: 'Lists agents, newest first, with the public keys that secrets are sealed to.',
    permission: 'secrets:read',
    ...paged(SealingKey, {
      sort: ['-createdAt', 'createdAt'],
      filters: {
        /** Only those of this id or name. */
        agent: z.string().min(1).max(100).optional(),
      },
    }),
    problems: ['CURSOR_INVALID'],
  }),
  recipients: endpoint({
    id: 'secrets.recipients',
    method: 'GET',
    path: '/secrets/{name}/recipients',
    summary: 'Lists the agents that the newest version of a sealed secret is sealed to.',
    permission: 'secrets:read',
    params,
    ...paged(SealedRecipient, { sort: ['agent', '-agent'], filters: {} }),
    problems: ['SECRET_NOT_FOUND', 'CURSOR_INVALID'],
  }),
  seal: endpoint({
    id: 'secrets.seal',
    ifMatch: 'secrets.get',
    method: 'POST',
    path: '/secrets/{name}/seal',
    summary: 'Stores a version of a secret that was sealed to agents: the control plane cannot read it.',
    permission: 'secrets:write',
    params,
    body: SealRequest,
    bodyBytes: 8_388_608,
    answer: { json: Secret },
    problems: ['SECRET_MODE_FIXED', 'SECRET_VERSION_TAKEN', 'SEALING_KEY_CHANGED', 'AGENT_UNKNOWN', 'SECRETS_FULL'],
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
    ifMatch: 'secrets.get',
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
    ifMatch: 'secrets.get',
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
