/** The audit log: what people and keys did, as a chain that can be checked without the server. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Json } from './json.ts';
import { page, PageQuery, time } from './page.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** One entry. How `hash` is made stands in `certs/src/audit-chain.ts`. */
export const AuditEntry = z
  .object({
    /** Counts the entries of the log from 1, without a gap. */
    position: z.int().min(1),
    tenant: z.string(),
    seq: z.int(),
    at: time,
    /** `account:<id>`, `key:<id>`, `agent:<id>`, `joinToken:<id>` or `system`. */
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: z.record(z.string(), Json),
    hash: sha256,
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof AuditEntry>;

/** The end of the chain: kept elsewhere, it proves later that nothing before it was changed or cut off. */
export const AuditHead = z
  .object({ position: z.int().min(0), hash: sha256, at: time.nullable() })
  .meta({ id: 'AuditHead' });
export type AuditHead = z.infer<typeof AuditHead>;

/** The tenant's own log, or that of the installation (its roots and the server CA; the operator's tenant only). */
export const AuditLog = z.enum(['tenant', 'installation']);
export type AuditLog = z.infer<typeof AuditLog>;

export const audit = {
  list: endpoint({
    id: 'audit.list',
    method: 'GET',
    path: '/audit',
    summary: 'Lists the audit log, oldest first. An entry appears a moment after its change was committed.',
    permission: 'audit:read',
    query: PageQuery.extend({ log: AuditLog.default('tenant') }),
    answer: { json: page(AuditEntry) },
    problems: ['OPERATOR_ONLY'],
  }),
  head: endpoint({
    id: 'audit.head',
    method: 'GET',
    path: '/audit/head',
    summary: 'Shows where the chain of the audit log ends.',
    permission: 'audit:read',
    query: z.object({ log: AuditLog.default('tenant') }),
    answer: { json: AuditHead },
    problems: ['OPERATOR_ONLY'],
  }),
} as const;
