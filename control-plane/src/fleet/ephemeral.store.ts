/** Ephemeral agents that have left, and the end of their rows. */
import { sourcesOf } from '@casare/shared/lifecycle';
import type { AgentState } from '@casare/shared/api';
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';
import { AGENT } from './agent.lifecycle.ts';

/** Milliseconds; see the sweep. */
export interface AbsenceBounds {
  /** After the end of a session, or after the last that a dead gateway can have granted. */
  readonly leaseMs: number;
  /** More, for one whose job is not settled. */
  readonly busyMs: number;
  /** From enrolment, for one that never connected. */
  readonly firstMs: number;
}

interface Key {
  readonly tenant: string;
  readonly id: string;
}

/** What a locked or suspect agent did is looked at by people: it does not vanish by itself. */
const STATES = sourcesOf(AGENT, 'decommission').filter((state) => state !== 'locked' && state !== 'suspect');

// A session is over when it was closed, or when its gateway is silent: then what that gateway granted last counts.
const GONE = `a.ephemeral AND a.left_at IS NULL AND a.state = ANY($1) AND clock_timestamp() > CASE
    WHEN s.agent_id IS NULL THEN a.created_at + make_interval(secs => $4::float8 / 1000)
    ELSE greatest(s.lease_until, CASE WHEN s.gateway_id IS NULL THEN s.since
        ELSE coalesce(g.heartbeat_at, s.since) + make_interval(secs => $2::float8 / 1000) END)
      + CASE WHEN EXISTS (SELECT FROM job_lease l WHERE l.agent_id = a.id AND l.tenant_id = a.tenant_id)
        THEN make_interval(secs => $3::float8 / 1000) ELSE interval '0' END
  END`;
const FROM = `FROM agent a
  LEFT JOIN agent_session s ON s.tenant_id = a.tenant_id AND s.agent_id = a.id
  LEFT JOIN gateway g ON g.id = s.gateway_id`;

type Bounds = [states: AgentState[], leaseMs: number, busyMs: number, firstMs: number];

const goneAgents = sql<Key, [...Bounds, limit: number]>(
  'goneAgents',
  `SELECT a.tenant_id AS tenant, a.id ${FROM} WHERE ${GONE} ORDER BY a.id LIMIT $5`,
  { idempotent: true },
);

// Asked again while the agent's row is locked: a greeting locks it too.
const goneAgent = sql<Key, [...Bounds, tenant: string, id: string]>(
  'goneAgent',
  `SELECT a.tenant_id AS tenant, a.id ${FROM} WHERE a.tenant_id = $5 AND a.id = $6 AND ${GONE}`,
);

const markLeft = sql<never, [tenant: string, id: string]>(
  'markLeft',
  `UPDATE agent SET left_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2`,
);

const markDismissed = sql<never, []>(
  'markDismissed',
  `UPDATE agent SET left_at = clock_timestamp() WHERE ephemeral AND left_at IS NULL AND state = 'decommissioned'`,
);

// With its rows an agent's certificates go, all of them ended or revoked long before; the audit log keeps their serials.
// One that ran a job stays as long as the job's record does.
const forgetLeft = sql<never, [keptMs: number, limit: number]>(
  'forgetLeft',
  `WITH over AS (
     SELECT tenant_id, id FROM agent a
     WHERE left_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000) AND state = 'decommissioned'
       AND NOT EXISTS (SELECT FROM job_attempt t WHERE t.tenant_id = a.tenant_id AND t.agent_id = a.id)
       AND NOT EXISTS (SELECT FROM job_lease l WHERE l.agent_id = a.id)
       AND NOT EXISTS (SELECT FROM agent_certificate c
         WHERE c.tenant_id = a.tenant_id AND c.agent_id = a.id AND c.state <> 'revoked' AND c.not_after > clock_timestamp())
     ORDER BY left_at LIMIT $2 FOR UPDATE SKIP LOCKED
   ), certificates AS (
     DELETE FROM agent_certificate c USING over o WHERE c.tenant_id = o.tenant_id AND c.agent_id = o.id
   ), sessions AS (
     DELETE FROM agent_session s USING over o WHERE s.tenant_id = o.tenant_id AND s.agent_id = o.id
   )
   DELETE FROM agent a USING over o WHERE a.tenant_id = o.tenant_id AND a.id = o.id`,
);

function boundsOf({ leaseMs, busyMs, firstMs }: AbsenceBounds): Bounds {
  return [STATES, leaseMs, busyMs, firstMs];
}

/** Ephemeral agents that have left and are not decommissioned yet. */
export function listGone(db: Queryable, bounds: AbsenceBounds, limit: number): Promise<Key[]> {
  return db.query(goneAgents(...boundsOf(bounds), limit));
}

/** True while it is still so. The agent's row is locked. */
export async function isGone(tx: Transaction, bounds: AbsenceBounds, { tenant, id }: Key): Promise<boolean> {
  return (await tx.query(goneAgent(...boundsOf(bounds), tenant, id))).length === 1;
}

export async function left(tx: Transaction, { tenant, id }: Key): Promise<void> {
  await tx.execute(markLeft(tenant, id));
}

/** Those that a person decommissioned have left too. */
export async function leftByPeople(db: Queryable): Promise<void> {
  await db.execute(markDismissed());
}

/** Deletes the rows of agents that left so long ago; how many agents. */
export function forget(db: Queryable, keptMs: number, limit: number): Promise<number> {
  return db.execute(forgetLeft(keptMs, limit));
}
