/** Tenants: made and looked after by operators of the platform; and, for its own people, the tenant that they are in. */
import { z } from 'zod';
import { GivenName } from './api-keys.ts';
import { endpoint } from './endpoint.ts';
import { FILTERS, paged, time } from './page.ts';

/** It stands in certificates and in names of folders. */
export const TenantId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'is 1 to 40 of a-z, 0-9 and hyphens');

export const TenantState = z.enum(['active', 'suspended', 'deleting']);
export type TenantState = z.infer<typeof TenantState>;

const amount = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const count = amount.max(2_000_000_000);
const limit = count.nullable();

/** What a tenant may use; null: as much as there is. */
export const Quotas = z
  .object({
    /** Agents that are not decommissioned. */
    agents: limit,
    /** Jobs that agents have at once. */
    concurrentJobs: limit,
    /** Jobs that wait. */
    queuedJobs: limit,
    /** Bytes of artifacts. */
    storedBytes: amount.nullable(),
  })
  .meta({ id: 'Quotas' });
export type Quotas = z.infer<typeof Quotas>;

/** What a tenant uses of its quotas; jobs that wait are counted up to 1,000,000. */
export const Use = z
  .object({ agents: count, concurrentJobs: count, queuedJobs: count, storedBytes: amount })
  .meta({ id: 'Use' });
export type Use = z.infer<typeof Use>;

const days = z.int().min(1).max(3_650).nullable();

/** How many days what is over is kept after it ended; null: as long as the installation keeps it. */
export const Retention = z.object({ jobsDays: days, logsDays: days, artifactsDays: days }).meta({ id: 'Retention' });
export type Retention = z.infer<typeof Retention>;

export const TenantSummary = z
  .object({
    id: TenantId,
    name: z.string(),
    state: TenantState,
    stateSince: time,
    /** Why it is suspended. */
    stateReason: z.string(),
    createdAt: time,
    /** The one whose people may look after the platform. */
    operator: z.boolean(),
    quotas: Quotas,
  })
  .meta({ id: 'TenantSummary' });
export type TenantSummary = z.infer<typeof TenantSummary>;

export const Tenant = TenantSummary.extend({
  /** The host of its agents' SPIFFE ids. */
  trustDomain: z.string(),
  /** The CA that signs its agents now. */
  agentCa: z.object({ keyId: z.string(), notAfter: time }).nullable(),
  use: Use,
  retention: Retention,
}).meta({ id: 'Tenant' });
export type Tenant = z.infer<typeof Tenant>;

const owner = z.email().max(320);

export const TenantRequest = z.strictObject({
  id: TenantId,
  name: GivenName,
  /** The first owner, who is invited. */
  owner,
  ttlSeconds: z
    .int()
    .min(300)
    .max(30 * 86_400)
    .default(7 * 86_400),
  quotas: Quotas.partial().default({}),
});
export type TenantRequest = z.output<typeof TenantRequest>;

/** `url` is the secret of the owner's invitation: it is in this answer and nowhere else. */
export const NewTenant = z
  .object({ tenant: Tenant, invitation: z.object({ email: z.string(), url: z.string(), expiresAt: time }) })
  .meta({ id: 'NewTenant' });
export type NewTenant = z.infer<typeof NewTenant>;

/** Of a tenant, what changes without anybody changing it. */
const PASSING = ['use', 'agentCa'];
const TenantParams = z.object({ tenant: TenantId });

const Removed = z.array(z.object({ name: z.string(), removed: amount, left: amount }));

/** What was removed of a tenant, and how much is left: nothing, or it would not be finished. */
export const DeletionReport = z.object({ tables: Removed, folders: Removed }).meta({ id: 'DeletionReport' });
export type DeletionReport = z.infer<typeof DeletionReport>;

export const Deletion = z
  .object({
    tenant: TenantId,
    state: z.enum(['running', 'finished']),
    askedBy: z.string(),
    askedAt: time,
    finishedAt: time.nullable(),
    report: DeletionReport.nullable(),
  })
  .meta({ id: 'Deletion' });
export type Deletion = z.infer<typeof Deletion>;

export const tenants = {
  list: endpoint({
    id: 'tenants.list',
    method: 'GET',
    path: '/tenants',
    summary: 'Lists tenants, by their ids.',
    permission: 'platform:read',
    ...paged(TenantSummary, { sort: ['id', '-id'], filters: { q: FILTERS.q } }),
    problems: ['CURSOR_INVALID'],
  }),
  create: endpoint({
    id: 'tenants.create',
    method: 'POST',
    path: '/tenants',
    status: 201,
    summary: 'Makes a tenant with its agent CA, and invites its owner. The link is shown once.',
    permission: 'platform:write',
    body: TenantRequest,
    answer: { json: NewTenant },
    problems: ['TENANT_EXISTS', 'ACCOUNT_EXISTS', 'ROOT_OFFLINE'],
  }),
  get: endpoint({
    id: 'tenants.get',
    passing: PASSING,
    method: 'GET',
    path: '/tenants/{tenant}',
    summary: 'Shows a tenant, its quotas and what it uses of them.',
    permission: 'platform:read',
    params: TenantParams,
    answer: { json: Tenant },
    problems: ['TENANT_NOT_FOUND'],
  }),
  suspend: endpoint({
    id: 'tenants.suspend',
    ifMatch: 'tenants.get',
    method: 'POST',
    path: '/tenants/{tenant}/suspend',
    summary: 'Closes its tunnels and lets nothing be changed; jobs and records are kept.',
    permission: 'platform:write',
    params: TenantParams,
    body: z.strictObject({ reason: z.string().trim().min(1).max(500) }),
    answer: { json: Tenant },
    problems: ['TENANT_NOT_FOUND', 'TENANT_WRONG_STATE', 'TENANT_IS_OPERATORS'],
  }),
  resume: endpoint({
    id: 'tenants.resume',
    ifMatch: 'tenants.get',
    method: 'POST',
    path: '/tenants/{tenant}/resume',
    summary: 'Lets a suspended tenant go on: its agents come back and settle what they did.',
    permission: 'platform:write',
    params: TenantParams,
    answer: { json: Tenant },
    problems: ['TENANT_NOT_FOUND', 'TENANT_WRONG_STATE'],
  }),
  setQuotas: endpoint({
    id: 'tenants.setQuotas',
    ifMatch: 'tenants.get',
    method: 'POST',
    path: '/tenants/{tenant}/quotas',
    summary: 'Changes the quotas that are named; null takes one away. What is used already stays.',
    permission: 'platform:write',
    params: TenantParams,
    body: Quotas.partial().strict(),
    answer: { json: Tenant },
    problems: ['TENANT_NOT_FOUND'],
  }),
  setRetention: endpoint({
    id: 'tenants.setRetention',
    ifMatch: 'tenants.get',
    method: 'POST',
    path: '/tenants/{tenant}/retention',
    summary: 'Changes how long what is over is kept; null: as long as the installation keeps it.',
    permission: 'platform:write',
    params: TenantParams,
    body: Retention.partial().strict(),
    answer: { json: Tenant },
    problems: ['TENANT_NOT_FOUND'],
  }),
  export: endpoint({
    id: 'tenants.export',
    method: 'GET',
    path: '/tenants/{tenant}/export',
    summary: 'Sends everything of a tenant as a zip: its tables as JSON lines, its artifacts. No credential is in it.',
    permission: 'platform:write',
    params: TenantParams,
    answer: 'bytes',
    mediaTypes: ['application/zip'],
    problems: ['TENANT_NOT_FOUND'],
  }),
  delete: endpoint({
    id: 'tenants.delete',
    ifMatch: 'tenants.get',
    method: 'DELETE',
    path: '/tenants/{tenant}',
    summary: 'Deletes a suspended tenant for good, in the background. `confirm` is its id once more.',
    permission: 'platform:write',
    params: TenantParams,
    query: z.object({ confirm: z.string().max(100).default('') }),
    answer: { json: Deletion },
    problems: ['TENANT_NOT_FOUND', 'TENANT_WRONG_STATE', 'TENANT_IS_OPERATORS', 'DELETION_NOT_CONFIRMED'],
  }),
  deletion: endpoint({
    id: 'tenants.deletion',
    method: 'GET',
    path: '/tenants/{tenant}/deletion',
    summary:
      'Shows how a deletion goes, and when it is finished, its report: what was removed, and that nothing is left.',
    permission: 'platform:read',
    params: TenantParams,
    answer: { json: Deletion },
    problems: ['DELETION_NOT_FOUND'],
  }),
} as const;

export const tenant = {
  get: endpoint({
    id: 'tenant.get',
    passing: PASSING,
    method: 'GET',
    path: '/tenant',
    summary: "Shows the caller's tenant, its quotas and what it uses of them.",
    permission: 'tenant:read',
    answer: { json: Tenant },
  }),
  setRetention: endpoint({
    id: 'tenant.setRetention',
    ifMatch: 'tenant.get',
    method: 'POST',
    path: '/tenant/retention',
    summary: "Changes how long what is over is kept in the caller's tenant.",
    permission: 'tenant:write',
    body: Retention.partial().strict(),
    answer: { json: Tenant },
  }),
} as const;
