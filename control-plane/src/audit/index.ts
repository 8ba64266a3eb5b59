/** Audit: what people and keys did. */
export { findHead as findAuditHead } from './audit-chain.store.ts';
export { append as appendAudit, INSTALLATION, type AuditEntry } from './audit.store.ts';
export { auditModule } from './audit.module.ts';
export { AuditService, type AuditOptions } from './audit.service.ts';
