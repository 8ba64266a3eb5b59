/** The agent's own audit log: written here, read and checked without a control plane. */
export { AuditLog } from './audit-log.ts';
export { RunAudit } from './run-audit.ts';
export { auditEntries, verifyAudit } from './read-audit.ts';
