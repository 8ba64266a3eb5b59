/** Audit: what people and keys did. */
export { append as appendAudit, type AuditEntry } from './audit.store.ts';
export { auditModule } from './audit.module.ts';
export { AuditService } from './audit.service.ts';
