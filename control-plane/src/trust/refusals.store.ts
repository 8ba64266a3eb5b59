/**
 * What is refused now, for who holds live sessions: few rows, loaded as a whole when `trust_state.rev` has moved and kept
 * in memory. Admission does not use it: it asks the database itself.
 */
import type { LockKind } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

/** Ids of agents and serial numbers stand after their tenant: `tenant/id`. */
export interface Refusals {
  readonly locked: Readonly<Record<LockKind, ReadonlySet<string>>>;
  /** Tenants that are suspended, and those that are being deleted. */
  readonly suspended: ReadonlySet<string>;
  readonly deleted: ReadonlySet<string>;
  /** CAs of agents whose certificates are not accepted. */
  readonly retiredCas: ReadonlySet<string>;
  /** Revoked certificates that have not ended yet. */
  readonly revoked: ReadonlySet<string>;
}

const KINDS = ['agent', 'tenant', 'serial', 'ca', 'retired', 'revoked', 'suspended', 'deleting'] as const;
type Kind = (typeof KINDS)[number];

// One statement: many locks in a row make many loads.
const refusals = sql<{ what: Kind; key: string }, []>(
  'loadRefusals',
  `SELECT kind AS what, CASE WHEN kind IN ('agent', 'serial') THEN tenant_id || '/' || target ELSE target END AS key
   FROM trust_lock WHERE lifted_at IS NULL
   UNION ALL
   SELECT state, id FROM tenant WHERE state <> 'active'
   UNION ALL
   SELECT 'retired', id::text FROM certificate_authority
   WHERE kind = 'agent_ca' AND state NOT IN ('active', 'outgoing') AND not_after > clock_timestamp()
   UNION ALL
   SELECT 'revoked', tenant_id || '/' || serial FROM agent_certificate
   WHERE state = 'revoked' AND not_after > clock_timestamp()`,
  { idempotent: true },
);

/** At least as new as the rev that was read before. */
export async function loadRefusals(db: Queryable): Promise<Refusals> {
  const sets = Object.fromEntries(KINDS.map((kind) => [kind, new Set<string>()])) as Record<Kind, Set<string>>;
  for (const { what, key } of await db.query(refusals())) sets[what].add(key);
  const { agent, tenant, serial, ca, retired, revoked, suspended, deleting } = sets;
  return { locked: { agent, tenant, serial, ca }, retiredCas: retired, revoked, suspended, deleted: deleting };
}
