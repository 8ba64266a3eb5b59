/**
 * Rotations and what they do to CAs. A move is a compare-and-swap on the rotation's `rev`, and repeats the guard of
 * its lifecycle table; the states of the CAs move in the same transaction.
 *
 * `side` is an old or a new CA: itself and, for a root, the CAs below it.
 */
import type { CaKind, RotationPhase } from '@casare/shared/api';
import { next, sourcesOf } from '@casare/shared/lifecycle';
import { listSql, sql, type Queryable, type Transaction } from '../platform/database/index.ts';
import { CA } from './ca.lifecycle.ts';
import type { Viewer } from './lock.store.ts';
import { ROTATION, type RotationEvent } from './rotation.lifecycle.ts';

export interface RotationRow {
  readonly id: string;
  /** Null for what belongs to the installation. */
  readonly tenant: string | null;
  readonly kind: CaKind;
  readonly phase: RotationPhase;
  readonly emergency: boolean;
  readonly automatic: boolean;
  readonly rev: number;
  /** `trust_state.rev` of the last move. */
  readonly trustRev: number;
  readonly oldId: string;
  readonly newId: string;
  readonly seenDays: number;
  readonly reason: string;
  readonly startedBy: string;
  readonly startedAt: Date;
  readonly phaseSince: Date;
  readonly endedAt: Date | null;
  readonly outcome: 'completed' | 'rolled_back' | null;
}

const ROTATION_COLUMNS = `id, tenant_id AS tenant, kind, phase, emergency, automatic, rev, trust_rev AS "trustRev",
  old_id AS "oldId", new_id AS "newId", seen_days AS "seenDays", reason, started_by AS "startedBy",
  started_at AS "startedAt", phase_since AS "phaseSince", ended_at AS "endedAt", outcome`;
const VISIBLE = `(tenant_id = $1 OR ($2 AND tenant_id IS NULL))`;

const rotationPage = listSql<RotationRow, [tenant: string, operator: boolean, beyond: string | null, limit: number]>(
  'rotationPage',
  ({ order, beyond }) => `SELECT ${ROTATION_COLUMNS} FROM ca_rotation
   WHERE ${VISIBLE} AND ($3::uuid IS NULL OR id ${beyond} $3) ORDER BY id ${order} LIMIT $4`,
);
const rotationById = sql<RotationRow, [id: string]>(
  'rotationById',
  `SELECT ${ROTATION_COLUMNS} FROM ca_rotation WHERE id = $1`,
  { idempotent: true },
);
// Held while its gate is weighed: of two operators the second waits, and finds that it has moved.
const holdRotation = sql<RotationRow, [id: string]>(
  'holdRotation',
  `SELECT ${ROTATION_COLUMNS} FROM ca_rotation WHERE id = $1 FOR UPDATE`,
);
const openRotations = sql<RotationRow, [kinds: CaKind[]]>(
  'openRotations',
  `SELECT ${ROTATION_COLUMNS} FROM ca_rotation WHERE ended_at IS NULL AND kind = ANY($1) ORDER BY id`,
  { idempotent: true },
);

const addRotation = sql<
  never,
  [
    id: string,
    tenant: string | null,
    kind: CaKind,
    emergency: boolean,
    automatic: boolean,
    trustRev: number,
    oldId: string,
    newId: string,
    seenDays: number,
    reason: string,
    by: string,
    at: Date,
  ]
>(
  'addRotation',
  `INSERT INTO ca_rotation (id, tenant_id, kind, phase, emergency, automatic, trust_rev, old_id, new_id, seen_days,
     reason, started_by, started_at, phase_since)
   VALUES ($1, $2, $3, 'prepare', $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)`,
);

const moveRotation = sql<
  RotationRow,
  [
    id: string,
    rev: number,
    from: RotationPhase[],
    to: RotationPhase,
    trustRev: number,
    at: Date,
    outcome: string | null,
  ]
>(
  'moveRotation',
  `UPDATE ca_rotation SET phase = $4, rev = rev + 1, trust_rev = $5, phase_since = $6::timestamptz, outcome = $7::text,
     ended_at = CASE WHEN $7::text IS NOT NULL THEN $6::timestamptz END
   WHERE id = $1 AND rev = $2 AND phase = ANY($3) RETURNING ${ROTATION_COLUMNS}`,
);

const SIDE = `(id = $1 OR issuer_id = $1)`;
const supersedeSide = sql<never, [side: string, from: string[]]>(
  'supersedeSide',
  `UPDATE certificate_authority SET state = 'outgoing' WHERE ${SIDE} AND state = ANY($2)`,
);
// Of each kind and tenant one: what was active before, else the newest that stands by.
const activateSide = sql<never, [side: string, from: string[]]>(
  'activateSide',
  `UPDATE certificate_authority SET state = 'active' WHERE id IN (
     SELECT DISTINCT ON (kind, tenant_id) id FROM certificate_authority WHERE ${SIDE} AND state = ANY($2)
     ORDER BY kind, tenant_id, state = 'outgoing' DESC, created_at DESC, id DESC)`,
);
const retireSide = sql<never, [side: string, from: string[]]>(
  'retireSide',
  `UPDATE certificate_authority SET state = 'retired' WHERE ${SIDE} AND state = ANY($2)`,
);
const revokeSide = sql<never, [side: string, at: Date, why: string]>(
  'revokeSide',
  `UPDATE agent_certificate c SET state = 'revoked', revoked_at = $2, revoked_why = $3
   FROM certificate_authority a WHERE a.id = c.ca_id AND (a.id = $1 OR a.issuer_id = $1) AND c.state <> 'revoked'`,
);

// What stands below the one root and has no counterpart below the other.
const missingMembers = sql<{ kind: CaKind; tenant: string | null }, [from: string, to: string, limit: number]>(
  'missingMembers',
  `SELECT c.kind, c.tenant_id AS tenant FROM certificate_authority c
   WHERE c.issuer_id = $1 AND c.state = 'active' AND NOT EXISTS (
     SELECT FROM certificate_authority n WHERE n.issuer_id = $2 AND n.kind = c.kind
       AND n.tenant_id IS NOT DISTINCT FROM c.tenant_id AND n.state <> 'retired')
   ORDER BY c.tenant_id LIMIT $3`,
);

// Serialised with every other change of trust, so that two replicas do not make the same CA twice.
const holdTrustForMember = sql<never, []>('holdTrustForMember', 'SELECT FROM trust_state FOR NO KEY UPDATE');
const lacksMember = sql<never, [from: string, to: string, kind: CaKind, tenant: string | null]>(
  'lacksMember',
  `SELECT FROM certificate_authority t WHERE t.id = $2 AND t.state <> 'retired'
     AND EXISTS (SELECT FROM certificate_authority c WHERE c.issuer_id = $1 AND c.state = 'active' AND c.kind = $3
       AND c.tenant_id IS NOT DISTINCT FROM $4)
     AND NOT EXISTS (SELECT FROM certificate_authority n WHERE n.issuer_id = $2 AND n.state <> 'retired' AND n.kind = $3
       AND n.tenant_id IS NOT DISTINCT FROM $4)`,
);

const outgoingServerCa = sql<{ id: string }, [side: string]>(
  'outgoingServerCa',
  `SELECT id FROM certificate_authority WHERE ${SIDE} AND kind = 'server_ca' AND state = 'outgoing'`,
  { idempotent: true },
);
const urgentCas = sql<{ id: string }, []>(
  'urgentCas',
  `SELECT c.id FROM ca_rotation r JOIN certificate_authority c ON c.id = r.old_id OR c.issuer_id = r.old_id
   WHERE r.ended_at IS NULL AND r.emergency AND r.phase IN ('issue', 'serve') AND c.kind = 'agent_ca' ORDER BY c.id`,
  { idempotent: true },
);

/** By age, beyond one. */
export function list(
  db: Queryable,
  { tenant, operator }: Viewer,
  page: { readonly beyond: string | null; readonly ascending: boolean; readonly limit: number },
): Promise<RotationRow[]> {
  return db.query(rotationPage(page.ascending)(tenant, operator, page.beyond, page.limit));
}

export async function find(db: Queryable, id: string): Promise<RotationRow | null> {
  return (await db.query(rotationById(id)))[0] ?? null;
}

/** The rotation, locked until the transaction ends. */
export async function hold(tx: Transaction, id: string): Promise<RotationRow | null> {
  return (await tx.query(holdRotation(id)))[0] ?? null;
}

export function listOpen(db: Queryable, kinds: readonly CaKind[]): Promise<RotationRow[]> {
  return db.query(openRotations([...kinds]));
}

export type NewRotation = Omit<RotationRow, 'phase' | 'rev' | 'phaseSince' | 'endedAt' | 'outcome'>;

/** Throws a unique violation of `ca_rotation_open` when one of its kind is open. */
export async function insert(tx: Transaction, row: NewRotation): Promise<void> {
  const { id, tenant, kind, emergency, automatic, trustRev, oldId, newId, seenDays, reason, startedBy } = row;
  const of = [id, tenant, kind, emergency, automatic, trustRev, oldId, newId, seenDays] as const;
  await tx.execute(addRotation(...of, reason, startedBy, row.startedAt));
}

/** Moves a rotation by `event`; null when it has moved meanwhile, or the table does not allow it. */
export async function move(
  tx: Transaction,
  row: RotationRow,
  event: RotationEvent,
  { trustRev, at }: { readonly trustRev: number; readonly at: Date },
): Promise<RotationRow | null> {
  const to = next(ROTATION, row.phase, event);
  if (to === null) return null;
  const outcome = to === 'standby' ? (row.phase === 'rollback' ? 'rolled_back' : 'completed') : null;
  const statement = moveRotation(row.id, row.rev, sourcesOf(ROTATION, event), to, trustRev, at, outcome);
  return (await tx.query(statement))[0] ?? null;
}

/** `from` signs no more, `to` signs. */
export async function handOver(tx: Transaction, from: string, to: string): Promise<void> {
  await tx.execute(supersedeSide(from, sourcesOf(CA, 'supersede')));
  await tx.execute(activateSide(to, sourcesOf(CA, 'activate')));
}

/** From here on nothing of `side` is accepted. */
export async function retire(tx: Transaction, side: string): Promise<void> {
  await tx.execute(retireSide(side, sourcesOf(CA, 'retire')));
}

/** Revokes every certificate of agents that `side` signed; how many. */
export function revokeLeaves(tx: Transaction, side: string, at: Date, why: string): Promise<number> {
  return tx.execute(revokeSide(side, at, why));
}

/** The server CA of `side` that signs no more and is still presented. */
export async function findOutgoingServerCa(db: Queryable, side: string): Promise<string | null> {
  return (await db.query(outgoingServerCa(side)))[0]?.id ?? null;
}

/** Agent CAs whose keys are in wrong hands and whose certificates are to be replaced at once. */
export async function listUrgentCas(db: Queryable): Promise<string[]> {
  return (await db.query(urgentCas())).map(({ id }) => id);
}

/** Whether root `to` still lacks this CA; it stays so until the transaction ends. */
export async function holdMissing(
  tx: Transaction,
  from: string,
  to: string,
  kind: CaKind,
  tenant: string | null,
): Promise<boolean> {
  await tx.query(holdTrustForMember());
  return (await tx.query(lacksMember(from, to, kind, tenant))).length === 1;
}

/** CAs that root `from` has and root `to` has not, at most `limit`. */
export function listMissingMembers(db: Queryable, from: string, to: string, limit: number) {
  return db.query(missingMembers(from, to, limit));
}
