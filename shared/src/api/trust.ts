/**
 * Trust over REST: CAs, certificates, rotations, locks. What belongs to the installation (roots and the server CA) is
 * open to accounts of the operator's tenant only; everybody else sees and does what belongs to their own tenant.
 *
 * Every change takes `ifRev` (refused with TRUST_CHANGED when trust has moved on since) and `dryRun` (judged and
 * answered as if it had been done, and nothing is kept).
 */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { IdParams, paged, time } from './page.ts';

export const CaKind = z.enum(['server_root', 'agent_root', 'server_ca', 'agent_ca']);
export type CaKind = z.infer<typeof CaKind>;
/** See `ca.lifecycle.ts` of the control plane. */
export const CaState = z.enum(['standby', 'active', 'outgoing', 'retired']);
export type CaState = z.infer<typeof CaState>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const serial = z.string().regex(/^[0-9a-f]{2,40}$/);
const rev = z.int().min(0);
const reason = z.string().min(1).max(500);
const change = { ifRev: rev.optional(), dryRun: z.boolean().default(false) };

export const Authority = z
  .object({
    id: z.uuid(),
    kind: CaKind,
    tenant: z.string().nullable(),
    state: CaState,
    /** Key identifier, hex: what certificates that it signed call their issuer. */
    keyId: z.string(),
    /** SHA-256 of the certificate's DER. */
    fingerprint: sha256,
    issuerId: z.uuid().nullable(),
    /** Where its key is: sealed in the database, or taken offline. */
    key: z.enum(['server', 'offline']),
    notAfter: time,
    createdAt: time,
    certificatePem: z.string(),
    /** What it signed and is good now: certificates of agents or gateways, or CAs below a root. */
    live: z.int(),
  })
  .meta({ id: 'Authority' });
export type Authority = z.infer<typeof Authority>;

export const RotationPhase = z.enum(['standby', 'prepare', 'issue', 'serve', 'retire', 'rollback']);
export type RotationPhase = z.infer<typeof RotationPhase>;

/** Something that a gate waits for, or that was left behind. */
export const Straggler = z
  .object({
    kind: z.enum(['agent', 'gateway']),
    id: z.string(),
    name: z.string(),
    /** Why it is not ready, one line. */
    why: z.string(),
    /** When it was last connected; null: never. */
    seenAt: time.nullable(),
  })
  .meta({ id: 'Straggler' });
export type Straggler = z.infer<typeof Straggler>;

export const Rotation = z
  .object({
    id: z.uuid(),
    kind: CaKind,
    tenant: z.string().nullable(),
    phase: RotationPhase,
    /** Counts the moves of this rotation. */
    rev,
    emergency: z.boolean(),
    /** Goes on by itself when a gate is met. */
    automatic: z.boolean(),
    oldAuthority: z.uuid(),
    newAuthority: z.uuid(),
    seenDays: z.int(),
    reason: z.string(),
    startedBy: z.string(),
    startedAt: time,
    phaseSince: time,
    endedAt: time.nullable(),
    outcome: z.enum(['completed', 'rolled_back']).nullable(),
    /** What the phase waits for; null when the rotation has ended. */
    gate: z
      .object({
        met: z.boolean(),
        /** What is counted, such as "agents that hold the new bundle". */
        counts: z.string(),
        ready: z.int(),
        total: z.int(),
        /** The first 20 that are not ready; `stragglers` lists all. */
        blockers: z.array(Straggler).max(20),
        /** Not counted: away for longer than `seenDays`. They come back by renewal, cross-signing or enrolment. */
        leftBehind: z.int(),
      })
      .nullable(),
    /** The next safe command of `casare-certs`. */
    next: z.string(),
  })
  .meta({ id: 'Rotation' });
export type Rotation = z.infer<typeof Rotation>;

export const CertificateState = z.enum(['pending', 'current', 'superseded', 'revoked']);
export type CertificateState = z.infer<typeof CertificateState>;

export const Certificate = z
  .object({
    serial,
    agentId: z.uuid(),
    agentName: z.string(),
    state: CertificateState,
    generation: z.int(),
    authority: z.uuid(),
    notAfter: time,
    createdAt: time,
    revokedAt: time.nullable(),
    revokedWhy: z.string().nullable(),
    certificatePem: z.string(),
  })
  .meta({ id: 'Certificate' });
export type Certificate = z.infer<typeof Certificate>;

/** Something that ends: a CA, a gateway's or an agent's certificate. */
export const Expiration = z
  .object({
    subject: z.enum(['server_root', 'agent_root', 'server_ca', 'agent_ca', 'gateway', 'agent', 'web']),
    id: z.string(),
    name: z.string(),
    notAfter: time,
    /** What renews it, or what a person must do. */
    next: z.string(),
  })
  .meta({ id: 'Expiration' });
export type Expiration = z.infer<typeof Expiration>;

export const LockKind = z.enum(['agent', 'tenant', 'serial', 'ca']);
export type LockKind = z.infer<typeof LockKind>;

export const Lock = z
  .object({
    id: z.uuid(),
    kind: LockKind,
    /** Id of an agent, name of a tenant, serial number, id of a CA. */
    target: z.string(),
    reason: z.string(),
    createdBy: z.string(),
    createdAt: time,
    /** When it ends by itself; null: when a person lifts it. */
    expiresAt: time.nullable(),
    liftedAt: time.nullable(),
  })
  .meta({ id: 'Lock' });
export type Lock = z.infer<typeof Lock>;

export const TrustStatus = z
  .object({
    /** Rises with every change of trust. */
    rev,
    /** Whether the caller may change what belongs to the installation. */
    operator: z.boolean(),
    signer: z.object({ state: z.enum(['up', 'down']), why: z.string().nullable() }),
    authorities: z.array(Authority),
    /** Rotations that are open. */
    rotations: z.array(Rotation),
    /** Locks that hold now. */
    locks: z.int(),
    bundle: z.object({ digest: sha256, roots: z.int() }),
    gateways: z.array(z.object({ id: z.uuid(), heartbeatAt: time, rev, sessions: z.int() })),
    /** What ends first. */
    nextExpiration: Expiration.nullable(),
    next: z.string(),
  })
  .meta({ id: 'TrustStatus' });
export type TrustStatus = z.infer<typeof TrustStatus>;

/** The roots that agents trust gateways by. */
export const Bundle = z.object({ digest: sha256, roots: z.array(z.string()).max(10) }).meta({ id: 'Bundle' });
export type Bundle = z.infer<typeof Bundle>;

const SerialParams = z.object({ serial });

export const trust = {
  status: endpoint({
    id: 'trust.status',
    method: 'GET',
    path: '/trust',
    summary: 'Shows how trust stands: CAs, open rotations, locks, what ends next.',
    permission: 'trust:read',
    answer: { json: TrustStatus },
  }),
  bundle: endpoint({
    id: 'trust.bundle',
    method: 'GET',
    path: '/trust/bundle',
    summary: 'Gives the roots that agents trust gateways by.',
    permission: 'trust:read',
    answer: { json: Bundle },
  }),
  expirations: endpoint({
    id: 'trust.expirations',
    method: 'GET',
    path: '/trust/expirations',
    summary: 'Lists what ends within a time, the first to end first; of what renews itself only what is late.',
    permission: 'trust:read',
    query: z.object({
      /** Seconds from now; 30 days unless said otherwise. */
      within: z.coerce.number().int().min(0).max(315_360_000).default(2_592_000),
      limit: z.coerce.number().int().min(1).max(1_000).default(200),
    }),
    answer: { json: z.object({ items: z.array(Expiration), more: z.boolean() }) },
  }),
  certificates: endpoint({
    id: 'trust.certificates',
    method: 'GET',
    path: '/trust/certificates',
    summary: "Lists agents' certificates, newest first.",
    permission: 'trust:read',
    ...paged(Certificate, {
      sort: ['-createdAt', 'createdAt'],
      filters: { agent: z.uuid().optional(), state: CertificateState.optional() },
    }),
  }),
  certificate: endpoint({
    id: 'trust.certificate',
    method: 'GET',
    path: '/trust/certificates/{serial}',
    summary: 'Shows one certificate.',
    permission: 'trust:read',
    params: SerialParams,
    answer: { json: Certificate },
    problems: ['CERTIFICATE_NOT_FOUND'],
  }),
  revoke: endpoint({
    id: 'trust.revoke',
    method: 'POST',
    path: '/trust/certificates/{serial}/revoke',
    summary: 'Revokes a certificate; its session ends within two seconds.',
    permission: 'trust:write',
    params: SerialParams,
    body: z.strictObject({ reason, ...change }),
    answer: { json: Certificate },
    problems: ['CERTIFICATE_NOT_FOUND', 'TRUST_CHANGED'],
  }),
} as const;

export const locks = {
  list: endpoint({
    id: 'locks.list',
    method: 'GET',
    path: '/trust/locks',
    summary: 'Lists locks, newest first.',
    permission: 'trust:read',
    ...paged(Lock, { sort: ['-createdAt', 'createdAt'], filters: { held: z.enum(['true', 'false']).optional() } }),
  }),
  create: endpoint({
    id: 'locks.create',
    method: 'POST',
    path: '/trust/locks',
    summary: 'Locks an agent, a tenant, a serial number or a CA; live sessions end within two seconds.',
    permission: 'trust:write',
    body: z.strictObject({
      kind: LockKind,
      target: z.string().min(1).max(100),
      reason,
      /** Ends by itself after so many seconds. */
      ttlSeconds: z.int().min(1).max(31_536_000).optional(),
      ...change,
    }),
    answer: { json: Lock },
    status: 201,
    problems: ['LOCK_TARGET_NOT_FOUND', 'LOCK_TARGET_WRONG_STATE', 'LOCKS_FULL', 'TRUST_CHANGED', 'OPERATOR_ONLY'],
  }),
  lift: endpoint({
    id: 'locks.lift',
    method: 'POST',
    path: '/trust/locks/{id}/lift',
    summary: 'Lifts a lock. Lifting twice is the same as once.',
    permission: 'trust:write',
    params: IdParams,
    body: z.strictObject({ reason: reason.optional(), ...change }),
    answer: { json: Lock },
    problems: ['LOCK_NOT_FOUND', 'TRUST_CHANGED', 'OPERATOR_ONLY'],
  }),
} as const;

export const rotations = {
  list: endpoint({
    id: 'rotations.list',
    method: 'GET',
    path: '/trust/rotations',
    summary: 'Lists rotations, newest first.',
    permission: 'trust:read',
    ...paged(Rotation, { sort: ['-startedAt', 'startedAt'], filters: {} }),
  }),
  get: endpoint({
    id: 'rotations.get',
    method: 'GET',
    path: '/trust/rotations/{id}',
    summary: 'Shows a rotation: its phase, what its gate waits for, and the next safe command.',
    permission: 'trust:read',
    params: IdParams,
    answer: { json: Rotation },
    problems: ['ROTATION_NOT_FOUND'],
  }),
  stragglers: endpoint({
    id: 'rotations.stragglers',
    method: 'GET',
    path: '/trust/rotations/{id}/stragglers',
    summary: 'Lists everything that the gate waits for, and what was left behind.',
    permission: 'trust:read',
    params: IdParams,
    ...paged(Straggler, { sort: ['id'], filters: { leftBehind: z.enum(['true', 'false']).default('false') } }),
    problems: ['ROTATION_NOT_FOUND'],
  }),
  start: endpoint({
    id: 'rotations.start',
    method: 'POST',
    path: '/trust/rotations',
    summary: 'Starts to rotate a CA.',
    permission: 'trust:write',
    body: z.strictObject({
      kind: CaKind,
      /** The old key is in wrong hands: no cross-signing, renewal at once, then revocation. */
      emergency: z.boolean().default(false),
      automatic: z.boolean().default(false),
      seenDays: z.int().min(0).max(3_650).default(30),
      /** A CA that stands by, imported from an offline root; a new one is made when absent. */
      authority: z.uuid().optional(),
      reason: z.string().max(500).default(''),
      ...change,
    }),
    answer: { json: Rotation },
    status: 201,
    problems: [
      'ROTATION_OPEN',
      'ROOT_OFFLINE',
      'AUTHORITY_NOT_FOUND',
      'EMERGENCY_NEEDS_ROOT',
      'SIGNER_DOWN',
      'TRUST_CHANGED',
      'OPERATOR_ONLY',
    ],
  }),
  advance: endpoint({
    id: 'rotations.advance',
    method: 'POST',
    path: '/trust/rotations/{id}/advance',
    summary: 'Moves a rotation to its next phase.',
    permission: 'trust:write',
    params: IdParams,
    body: z.strictObject({
      /** Goes on although agents that are AWAY are not ready. Whoever is connected is always waited for. */
      leaveStragglers: z.boolean().default(false),
      /** The phase the caller has seen: refused when the rotation is in another one by now. */
      from: RotationPhase.optional(),
      ...change,
    }),
    answer: { json: Rotation },
    problems: [
      'ROTATION_NOT_FOUND',
      'ROTATION_GATE_UNMET',
      'ROTATION_ENDED',
      'SIGNER_DOWN',
      'TRUST_CHANGED',
      'OPERATOR_ONLY',
    ],
  }),
  rollback: endpoint({
    id: 'rotations.rollback',
    method: 'POST',
    path: '/trust/rotations/{id}/rollback',
    summary: 'Goes back to the old CA.',
    permission: 'trust:write',
    params: IdParams,
    body: z.strictObject({ reason, from: RotationPhase.optional(), ...change }),
    answer: { json: Rotation },
    problems: [
      'ROTATION_NOT_FOUND',
      'ROTATION_TOO_LATE',
      'ROTATION_ENDED',
      'SIGNER_DOWN',
      'TRUST_CHANGED',
      'OPERATOR_ONLY',
    ],
  }),
} as const;
