/** The audit log: what people and keys did, as a chain that can be checked without the server. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Json } from './json.ts';
import { CREATED, paged, time } from './page.ts';

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

/** The signer's word that the chain had a hash at a place; what is signed stands in `certs/src/audit-checkpoint.ts`. */
export const AuditCheckpoint = z
  .object({
    format: z.literal('casare.audit-checkpoint/1'),
    /** The tenant, or `_installation`. */
    log: z.string(),
    position: z.int().min(0),
    hash: sha256,
    at: time,
    /** Ed25519, SubjectPublicKeyInfo in DER, base64. */
    publicKey: z.base64(),
    signature: z.base64(),
  })
  .meta({ id: 'AuditCheckpoint' });
export type AuditCheckpoint = z.infer<typeof AuditCheckpoint>;

/** How an export is written: entries, or CloudEvents 1.0 that hold them; one a line. */
export const AuditFormat = z.enum(['jsonl', 'cloudevents']);
export type AuditFormat = z.infer<typeof AuditFormat>;

/** Entries from `since` on and before `until`. */
const range = { since: z.iso.datetime().optional(), until: z.iso.datetime().optional() };
const log = AuditLog.default('tenant');

export const audit = {
  list: endpoint({
    id: 'audit.list',
    method: 'GET',
    path: '/audit',
    summary: 'Lists the audit log, oldest first. An entry appears a moment after its change was committed.',
    permission: 'audit:read',
    ...paged(AuditEntry, { sort: ['position', '-position'], filters: { log, ...range, ...CREATED } }),
    problems: ['OPERATOR_ONLY'],
  }),
  export: endpoint({
    id: 'audit.export',
    method: 'GET',
    path: '/audit/export',
    summary: 'Sends the audit log, oldest first, one entry or CloudEvent a line, while it is read.',
    permission: 'audit:read',
    query: z.object({ log, format: AuditFormat.default('jsonl'), ...range }),
    answer: 'bytes',
    mediaTypes: ['application/x-ndjson'],
    problems: ['OPERATOR_ONLY'],
  }),
  checkpoint: endpoint({
    id: 'audit.checkpoint',
    method: 'GET',
    path: '/audit/checkpoint',
    summary:
      'Signs where the chain of the audit log is now. Kept elsewhere, it shows later whether the log was written anew.',
    permission: 'audit:read',
    query: z.object({ log }),
    answer: { json: AuditCheckpoint },
    problems: ['OPERATOR_ONLY'],
  }),
  checkpoints: endpoint({
    id: 'audit.checkpoints',
    method: 'GET',
    path: '/audit/checkpoints',
    summary: 'Lists the checkpoints that were made every hour, oldest first.',
    permission: 'audit:read',
    ...paged(AuditCheckpoint, { sort: ['position'], filters: { log } }),
    problems: ['OPERATOR_ONLY'],
  }),
  head: endpoint({
    id: 'audit.head',
    method: 'GET',
    path: '/audit/head',
    summary: 'Shows where the chain of the audit log ends.',
    permission: 'audit:read',
    query: z.object({ log }),
    answer: { json: AuditHead },
    problems: ['OPERATOR_ONLY'],
  }),
} as const;
