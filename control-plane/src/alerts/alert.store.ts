/**
 * Alerts and their deliveries: what is raised and cleared, each with its deliveries in one statement.
 *
 * Invariant: a cause of a rule has one open alert at most (unique), and an alert one delivery to a channel about its beginning
 * and one about its end, however often and by however many replicas it is looked at.
 */
import type { Alert, AlertKind } from '@casare/shared/api';
import { listSql, sql, type Queryable, type Transaction } from '../platform/database/index.ts';

/** Something to be told of. */
export interface Cause {
  readonly cause: string;
  readonly title: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface OfRule {
  readonly tenant: string;
  readonly id: string;
}

interface AlertRow {
  readonly id: string;
  readonly rule: string;
  readonly ruleName: string;
  readonly kind: AlertKind;
  readonly cause: string;
  readonly title: string;
  readonly detail: Alert['detail'];
  readonly times: number;
  readonly raisedAt: Date;
  readonly lastAt: Date;
  readonly clearedAt: Date | null;
  readonly deliveries: Alert['deliveries'] | null;
}

// Deliveries only of what was not open before. Channels that are gone are left out.
const raiseSql = sql<
  never,
  [tenant: string, rule: string, id: string, cause: string, title: string, detail: string, now: Date, more: number]
>(
  'raiseAlert',
  `WITH raised AS (
     INSERT INTO alert (tenant_id, id, rule_id, cause, title, detail, raised_at, last_at)
     SELECT $1, $3, r.id, $4, $5, $6::jsonb, $7, $7 FROM alert_rule r WHERE r.tenant_id = $1 AND r.id = $2 AND r.enabled
     ON CONFLICT (tenant_id, rule_id, cause) WHERE cleared_at IS NULL
       DO UPDATE SET times = alert.times + $8, last_at = greatest(alert.last_at, $7)
     RETURNING id, xmax = 0 AS is_new
   )
   INSERT INTO alert_delivery (tenant_id, id, alert_id, channel_id, about, due_at)
   SELECT $1, gen_random_uuid(), a.id, c.id, 'raised', $7 FROM raised a
   JOIN alert_rule r ON r.tenant_id = $1 AND r.id = $2
   JOIN alert_channel c ON c.tenant_id = $1 AND c.id = ANY(r.channels)
   WHERE a.is_new`,
);

const clearSql = sql<never, [tenant: string, rule: string, causes: string[], now: Date]>(
  'clearAlerts',
  `WITH over AS (
     UPDATE alert SET cleared_at = $4 WHERE tenant_id = $1 AND rule_id = $2 AND cause = ANY($3) AND cleared_at IS NULL
     RETURNING id
   )
   INSERT INTO alert_delivery (tenant_id, id, alert_id, channel_id, about, due_at)
   SELECT $1, gen_random_uuid(), a.id, c.id, 'cleared', $4 FROM over a
   JOIN alert_rule r ON r.tenant_id = $1 AND r.id = $2 AND r.tells_cleared
   JOIN alert_channel c ON c.tenant_id = $1 AND c.id = ANY(r.channels)`,
);

const openCausesSql = sql<{ cause: string }, [tenant: string, rule: string, limit: number]>(
  'openAlertCauses',
  `SELECT cause FROM alert WHERE tenant_id = $1 AND rule_id = $2 AND cleared_at IS NULL LIMIT $3`,
);

const dropOpen = sql<never, [tenant: string, rule: string, now: Date]>(
  'endOpenAlerts',
  `UPDATE alert SET cleared_at = $3 WHERE tenant_id = $1 AND rule_id = $2 AND cleared_at IS NULL`,
);

const alertPage = listSql<AlertRow, [tenant: string, beyond: string | null, open: boolean | null, limit: number]>(
  'alertPage',
  ({
    order,
    beyond,
  }) => `SELECT a.id, r.id AS rule, r.name AS "ruleName", r.kind, a.cause, a.title, a.detail, a.times, a.raised_at AS "raisedAt",
     a.last_at AS "lastAt", a.cleared_at AS "clearedAt", (
       SELECT jsonb_agg(jsonb_build_object('id', d.id, 'channel', d.channel_id, 'about', d.about, 'state', d.state,
         'attempts', d.attempts, 'lastError', d.last_error, 'deliveredAt', CASE WHEN d.delivered_at IS NOT NULL THEN
           to_char(d.delivered_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END) ORDER BY d.id)
       FROM alert_delivery d WHERE d.tenant_id = a.tenant_id AND d.alert_id = a.id) AS deliveries
   FROM alert a JOIN alert_rule r ON r.tenant_id = a.tenant_id AND r.id = a.rule_id
   WHERE a.tenant_id = $1 AND ($2::uuid IS NULL OR a.id ${beyond} $2)
     AND ($3::boolean IS NULL OR (a.cleared_at IS NULL) = $3) ORDER BY a.id ${order} LIMIT $4`,
);

const forgetSql = sql<never, [before: Date, limit: number]>(
  'forgetAlerts',
  `DELETE FROM alert WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM alert a WHERE cleared_at < $1 AND NOT EXISTS (
     SELECT FROM alert_delivery d WHERE d.tenant_id = a.tenant_id AND d.alert_id = a.id AND d.state = 'pending') LIMIT $2)`,
);

/** Raises; what is open already counts once more if it `happened`. Nothing if its rule is disabled or gone. */
export async function raise(
  tx: Queryable,
  rule: OfRule,
  id: string,
  { cause, title, detail }: Cause,
  { now, happened }: { readonly now: Date; readonly happened: boolean },
): Promise<void> {
  const said = [cause, title.slice(0, 300), JSON.stringify(detail)] as const;
  await tx.execute(raiseSql(rule.tenant, rule.id, id, ...said, now, happened ? 1 : 0));
}

export async function clear(tx: Queryable, rule: OfRule, causes: readonly string[], now: Date): Promise<void> {
  if (causes.length > 0) await tx.execute(clearSql(rule.tenant, rule.id, [...causes], now));
}

export async function openCauses(db: Queryable, rule: OfRule, limit: number): Promise<Set<string>> {
  return new Set((await db.query(openCausesSql(rule.tenant, rule.id, limit))).map(({ cause }) => cause));
}

/** Nobody is told: its rule is disabled. */
export async function endOpen(tx: Transaction, rule: OfRule, now: Date): Promise<void> {
  await tx.execute(dropOpen(rule.tenant, rule.id, now));
}

export async function listAlerts(
  db: Queryable,
  tenant: string,
  page: { readonly beyond: string | null; readonly ascending: boolean; readonly limit: number },
  open: boolean | null,
): Promise<Alert[]> {
  const rows = await db.query(alertPage(page.ascending)(tenant, page.beyond, open, page.limit));
  return rows.map(({ rule, ruleName, raisedAt, lastAt, clearedAt, deliveries, ...row }) => ({
    ...row,
    rule: { id: rule, name: ruleName },
    raisedAt: raisedAt.toISOString(),
    lastAt: lastAt.toISOString(),
    clearedAt: clearedAt?.toISOString() ?? null,
    deliveries: deliveries ?? [],
  }));
}

/** Forgets alerts that were over before a moment and of which nothing is still to be sent; how many. */
export function forget(db: Queryable, before: Date, limit: number): Promise<number> {
  return db.execute(forgetSql(before, limit));
}
