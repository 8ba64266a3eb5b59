/**
 * What is refused now, for who holds live sessions: few rows, loaded as a whole when `trust_state.rev` has moved and kept
 * in memory. Admission does not use it: it asks the database itself.
 */
import type { LockKind } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

/** Ids of agents and serial numbers stand after their tenant: `tenant/id`. */
export interface Refusals {
  readonly locked: Readonly<Record<LockKind, ReadonlySet<string>>>;
  /** CAs of agents whose certificates are not accepted. */
  readonly retiredCas: ReadonlySet<string>;
  /** Revoked certificates that have not ended yet. */
  readonly revoked: ReadonlySet<string>;
}

const heldLocks = sql<{ kind: LockKind; key: string }, []>(
  'heldLocks',
  `SELECT kind, CASE WHEN kind IN ('agent', 'serial') THEN tenant_id || '/' || target ELSE target END AS key
   FROM trust_lock WHERE lifted_at IS NULL`,
  { idempotent: true },
);
const refusedCas = sql<{ id: string }, []>(
  'refusedCas',
  `SELECT id FROM certificate_authority
   WHERE kind = 'agent_ca' AND state NOT IN ('active', 'outgoing') AND not_after > clock_timestamp()`,
  { idempotent: true },
);
const revokedCertificates = sql<{ key: string }, []>(
  'revokedCertificates',
  `SELECT tenant_id || '/' || serial AS key FROM agent_certificate
   WHERE state = 'revoked' AND not_after > clock_timestamp()`,
  { idempotent: true },
);

/** At least as new as the rev that was read before. */
export async function loadRefusals(db: Queryable): Promise<Refusals> {
  const locked = {
    agent: new Set<string>(),
    tenant: new Set<string>(),
    serial: new Set<string>(),
    ca: new Set<string>(),
  };
  for (const { kind, key } of await db.query(heldLocks())) locked[kind].add(key);
  const retiredCas = new Set((await db.query(refusedCas())).map(({ id }) => id));
  const revoked = new Set((await db.query(revokedCertificates())).map(({ key }) => key));
  return { locked, retiredCas, revoked };
}
