/** The outbox: who takes a delivery has it for a while, and whoever does not say what became of it loses it to the next. */
import type { AlertKind } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

/** A delivery with all that its sending needs. */
export interface Delivery {
  readonly tenant: string;
  readonly id: string;
  readonly about: 'raised' | 'cleared';
  /** This one counted. */
  readonly attempts: number;
  readonly channel: string;
  readonly channelKind: 'email' | 'webhook';
  readonly recipients: readonly string[] | null;
  readonly url: string | null;
  readonly sealedSecret: string | null;
  readonly alert: string;
  readonly rule: string;
  readonly kind: AlertKind;
  readonly cause: string;
  readonly title: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

const takeSql = sql<Delivery, [now: Date, until: Date, limit: number]>(
  'takeDeliveries',
  `WITH taken AS (
     UPDATE alert_delivery SET attempts = attempts + 1, due_at = $2 WHERE (tenant_id, id) IN (
       SELECT tenant_id, id FROM alert_delivery WHERE state = 'pending' AND due_at <= $1
         AND NOT EXISTS (SELECT FROM tenant t WHERE t.id = tenant_id AND t.state <> 'active')
       ORDER BY due_at LIMIT $3
       FOR UPDATE SKIP LOCKED)
     RETURNING *
   )
   SELECT d.tenant_id AS tenant, d.id, d.about, d.attempts, c.id AS channel, c.kind AS "channelKind", c.recipients, c.url,
     c.sealed_secret AS "sealedSecret", a.id AS alert, r.name AS rule, r.kind, a.cause, a.title, a.detail,
     CASE d.about WHEN 'raised' THEN a.raised_at ELSE coalesce(a.cleared_at, a.raised_at) END AS at
   FROM taken d
   JOIN alert_channel c ON c.tenant_id = d.tenant_id AND c.id = d.channel_id
   JOIN alert a ON a.tenant_id = d.tenant_id AND a.id = d.alert_id
   JOIN alert_rule r ON r.tenant_id = a.tenant_id AND r.id = a.rule_id`,
);

// Only of the attempt that was taken: one that was too slow does not undo what the next one did.
const settleSql = sql<
  never,
  [tenant: string, id: string, attempts: number, state: string, due: Date | null, error: string | null, now: Date]
>(
  'settleDelivery',
  `UPDATE alert_delivery SET state = $4, due_at = coalesce($5, due_at), last_error = $6,
     delivered_at = CASE WHEN $4 = 'delivered' THEN $7::timestamptz END
   WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'pending'`,
);

/** What is due, of tenants that are active; nobody else gets it before `until`. */
export function takeDue(db: Queryable, now: Date, until: Date, limit: number): Promise<Delivery[]> {
  return db.query(takeSql(now, until, limit));
}

/** What became of an attempt; `next` of one that failed and is tried again. */
export async function settle(
  db: Queryable,
  { tenant, id, attempts }: Delivery,
  outcome: { readonly state: 'pending' | 'delivered' | 'failed'; readonly next?: Date; readonly error?: string },
  now: Date,
): Promise<void> {
  const { state, next = null, error = null } = outcome;
  await db.execute(settleSql(tenant, id, attempts, state, next, error?.slice(0, 500) ?? null, now));
}
