/** Locks as they are kept and shown. A lock holds until it is lifted. */
import type { AgentState, Lock, LockKind } from '@casare/shared/api';
import {
  listSql,
  sql,
  type Connection,
  type Database,
  type Queryable,
  type Transaction,
} from '../platform/database/index.ts';

/** A lock as a row. */
export interface LockRow extends Omit<Lock, 'createdAt' | 'expiresAt' | 'liftedAt'> {
  /** Whose it is; null for one that belongs to the installation. */
  readonly tenant: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly liftedAt: Date | null;
  /** For agents: the state to which the end of the last lock returns it. */
  readonly was: AgentState | null;
}

/** Who may see which locks: a tenant its own and those on itself, the operator also the installation's. */
export interface Viewer {
  readonly tenant: string;
  readonly operator: boolean;
}

/** What may be locked: any part may be absent. */
export interface Lockable {
  readonly tenant: string;
  readonly agentId?: string;
  /** Of a certificate; its CA is asked for too. */
  readonly serial?: string;
  /** A CA; its issuer is asked for too. */
  readonly caId?: string;
}

const COLUMNS = `id, tenant_id AS tenant, kind, target, reason, created_by AS "createdBy", created_at AS "createdAt",
  expires_at AS "expiresAt", lifted_at AS "liftedAt", was`;
const VISIBLE = `(tenant_id = $1 OR (tenant_id IS NULL AND ($2 OR (kind = 'tenant' AND target = $1))))`;

const addLock = sql<
  never,
  [
    id: string,
    tenant: string | null,
    kind: LockKind,
    target: string,
    reason: string,
    by: string,
    at: Date,
    expires: Date | null,
    was: string | null,
  ]
>(
  'addLock',
  `INSERT INTO trust_lock (id, tenant_id, kind, target, reason, created_by, created_at, expires_at, was)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
);

const lockPage = listSql<
  LockRow,
  [tenant: string, operator: boolean, beyond: string | null, held: boolean | null, limit: number]
>(
  'lockPage',
  ({ order, beyond }) => `SELECT ${COLUMNS} FROM trust_lock
   WHERE ${VISIBLE} AND ($3::uuid IS NULL OR id ${beyond} $3) AND ($4::boolean IS NULL OR (lifted_at IS NULL) = $4)
   ORDER BY id ${order} LIMIT $5`,
);

const lockById = sql<LockRow, [tenant: string, operator: boolean, id: string]>(
  'lockById',
  `SELECT ${COLUMNS} FROM trust_lock WHERE ${VISIBLE} AND id = $3`,
  { idempotent: true },
);

// Of a person and the loop that end the same lock at once, the second waits here and changes nothing.
const liftLock = sql<never, [id: string, at: Date, by: string]>(
  'liftLock',
  `UPDATE trust_lock SET lifted_at = $2, lifted_by = $3 WHERE id = $1 AND lifted_at IS NULL`,
);

const countHeld = sql<{ n: number }, [tenant: string, operator: boolean, limit: number]>(
  'countHeldLocks',
  `SELECT count(*)::int AS n FROM (SELECT FROM trust_lock WHERE ${VISIBLE} AND lifted_at IS NULL LIMIT $3) held`,
  { idempotent: true },
);

const countAll = sql<{ n: number }, []>(
  'countAllHeldLocks',
  'SELECT count(*)::int AS n FROM trust_lock WHERE lifted_at IS NULL',
  { idempotent: true },
);

const expiredLocks = sql<LockRow, [now: Date, limit: number]>(
  'expiredLocks',
  `SELECT ${COLUMNS} FROM trust_lock WHERE lifted_at IS NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2`,
  { idempotent: true },
);

const agentLocks = sql<LockRow, [tenant: string, agent: string]>(
  'agentLocks',
  `SELECT ${COLUMNS} FROM trust_lock
   WHERE kind = 'agent' AND target = $2 AND tenant_id = $1 AND lifted_at IS NULL ORDER BY id`,
);

const keepAgentLocked = sql<never, [tenant: string, agent: string]>(
  'keepAgentLocked',
  `UPDATE trust_lock SET was = 'locked'
   WHERE kind = 'agent' AND target = $2 AND tenant_id = $1 AND lifted_at IS NULL AND was <> 'locked'`,
);

// Serial numbers and agents are a tenant's own; what is the tenant's or a CA's may be locked by the installation too.
const heldOn = sql<{ kind: LockKind }, [tenant: string, agent: string, serial: string, ca: string | null]>(
  'heldOn',
  `SELECT l.kind FROM trust_lock l WHERE l.lifted_at IS NULL AND (
     (l.kind = 'tenant' AND l.target = $1)
     OR (l.kind = 'agent' AND l.target = $2 AND l.tenant_id = $1)
     OR (l.kind = 'serial' AND l.target = $3 AND l.tenant_id = $1)
     OR (l.kind = 'ca' AND l.target IN (
       SELECT unnest(ARRAY[c.id, c.issuer_id])::text FROM certificate_authority c
       WHERE c.id = $4::uuid
         OR c.id = (SELECT p.ca_id FROM agent_certificate p WHERE p.tenant_id = $1 AND p.serial = $3))))
   LIMIT 1`,
  { idempotent: true },
);

const lockTargetCa = sql<{ tenant: string | null }, [id: string]>(
  'lockTargetCa',
  'SELECT tenant_id AS tenant FROM certificate_authority WHERE id = $1',
);
const lockTargetSerial = sql<{ found: boolean }, [tenant: string, serial: string]>(
  'lockTargetSerial',
  'SELECT true AS found FROM agent_certificate WHERE tenant_id = $1 AND serial = $2',
);
const tenantStanding = sql<{ operator: boolean }, [tenant: string]>(
  'tenantStanding',
  'SELECT operator FROM tenant WHERE id = $1',
  { idempotent: true },
);
const operatorTenant = sql<{ id: string }, []>('operatorTenant', 'SELECT id FROM tenant WHERE operator');

export async function insert(tx: Transaction, row: LockRow): Promise<void> {
  const { id, tenant, kind, target, reason, createdBy, createdAt, expiresAt, was } = row;
  await tx.execute(addLock(id, tenant, kind, target, reason, createdBy, createdAt, expiresAt, was));
}

/** The login that a viewer's reading is done by: what is the installation's is seen by the operator's tenant alone, and by no login of a tenant. */
export function readingAs(db: Database, { tenant, operator }: Viewer): Connection {
  return operator ? db : db.of(tenant);
}

/** What `viewer` sees, by age, beyond one; only those that hold, or only those that do not. */
export function list(
  db: Queryable,
  { tenant, operator }: Viewer,
  page: { readonly beyond: string | null; readonly ascending: boolean; readonly limit: number },
  held: boolean | null,
): Promise<LockRow[]> {
  return db.query(lockPage(page.ascending)(tenant, operator, page.beyond, held, page.limit));
}

export async function find(db: Queryable, { tenant, operator }: Viewer, id: string): Promise<LockRow | null> {
  return (await db.query(lockById(tenant, operator, id)))[0] ?? null;
}

/** Lifts a lock; false when it was lifted already. */
export async function lift(tx: Transaction, id: string, at: Date, by: string): Promise<boolean> {
  return (await tx.execute(liftLock(id, at, by))) === 1;
}

/** How many locks hold that `viewer` sees, counted up to `limit`. */
export async function countHeldLocks(db: Queryable, { tenant, operator }: Viewer, limit: number): Promise<number> {
  return (await db.query(countHeld(tenant, operator, limit)))[0]!.n;
}

/** How many locks hold, of all tenants. */
export async function countAllHeld(db: Queryable): Promise<number> {
  return (await db.query(countAll()))[0]!.n;
}

/** Locks whose time is over, the longest over first. */
export function listExpired(db: Queryable, now: Date, limit: number): Promise<LockRow[]> {
  return db.query(expiredLocks(now, limit));
}

/** Locks that hold on an agent, oldest first. The caller has locked the agent's row. */
export function listOnAgent(tx: Queryable, tenant: string, agentId: string): Promise<LockRow[]> {
  return tx.query(agentLocks(tenant, agentId));
}

/** Somebody else locked the agent too: the end of its locks leaves it locked. The caller has locked the agent's row. */
export async function leaveLocked(tx: Transaction, tenant: string, agentId: string): Promise<void> {
  await tx.execute(keepAgentLocked(tenant, agentId));
}

/** What kind of lock holds on any of these; null for none. */
export async function heldLockOn(db: Queryable, on: Lockable): Promise<LockKind | null> {
  const { tenant, agentId = '', serial = '', caId = null } = on;
  return (await db.query(heldOn(tenant, agentId, serial, caId)))[0]?.kind ?? null;
}

/** Whose a CA is; `undefined` for one that is none of ours. */
export async function ownerOfCa(tx: Queryable, id: string): Promise<string | null | undefined> {
  return (await tx.query(lockTargetCa(id)))[0]?.tenant;
}

export async function hasSerial(tx: Queryable, tenant: string, serial: string): Promise<boolean> {
  return (await tx.query(lockTargetSerial(tenant, serial))).length === 1;
}

/** Null for a tenant that is none. */
export async function findTenant(db: Queryable, tenant: string): Promise<Viewer | null> {
  const [row] = await db.query(tenantStanding(tenant));
  return row ? { tenant, operator: row.operator } : null;
}

/** The tenant whose people look after the installation. */
export async function findOperator(db: Queryable): Promise<string | null> {
  return (await db.query(operatorTenant()))[0]?.id ?? null;
}

/** What people see of it. */
export function viewOf(row: LockRow): Lock {
  const { id, kind, target, reason, createdBy, createdAt, expiresAt, liftedAt } = row;
  return {
    ...{ id, kind, target, reason, createdBy },
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    liftedAt: liftedAt?.toISOString() ?? null,
  };
}
