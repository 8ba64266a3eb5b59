/** Audit: what people and keys did. */
export { append as appendAudit, type AuditEntry } from './audit.store.ts';
