/**
 * An entry of the audit log as a CloudEvent (CloudEvents 1.0.2, structured JSON): its type is `io.casare.audit.` and the
 * action, its id the place in the log, and its data the whole entry, so that the chain can be checked from events as well.
 */
import { z } from 'zod';
import { AuditEntry } from './audit.ts';

export const AuditEvent = z
  .object({
    specversion: z.literal('1.0'),
    /** `<log>/<position>`: the same entry always has the same. */
    id: z.string(),
    /** `urn:casare:audit:<log>`. */
    source: z.string(),
    /** `io.casare.audit.lock.created`. */
    type: z.string(),
    subject: z.string(),
    time: z.iso.datetime(),
    datacontenttype: z.literal('application/json'),
    data: AuditEntry,
  })
  .meta({ id: 'AuditEvent' });
export type AuditEvent = z.infer<typeof AuditEvent>;

export function auditEvent(entry: AuditEntry): AuditEvent {
  const { tenant, position, action, subject, at } = entry;
  return {
    ...{ specversion: '1.0', id: `${tenant}/${position}`, source: `urn:casare:audit:${encodeURIComponent(tenant)}` },
    ...{ type: `io.casare.audit.${action}`, subject, time: at, datacontenttype: 'application/json', data: entry },
  };
}
