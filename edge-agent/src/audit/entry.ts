/** A line of the agent's audit log. */
import { z } from 'zod';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const AuditEntry = z.strictObject({
  /** Counts the entries of the log from 1. */
  position: z.int().min(1),
  tenant: z.string(),
  seq: z.int().min(1),
  at: z.iso.datetime(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.json()),
  /** Hash of the entry before; zeros before the first. */
  before: hash,
  /** See `certs/src/audit-chain.ts`. */
  hash,
});
export type AuditEntry = z.infer<typeof AuditEntry>;
