/** Rules and channels, and up to where live events were read for them. */
import type { AlertChannel, AlertKind, AlertRule, TenantState } from '@casare/shared/api';
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';

/** A rule as it stands in the table. */
export interface KeptRule extends Omit<AlertRule, 'createdAt'> {
  readonly tenant: string;
  readonly createdAt: Date;
}

/** A channel as it stands in the table. */
export interface KeptChannel extends Omit<AlertChannel, 'createdAt'> {
  readonly tenant: string;
  readonly sealedSecret: string | null;
  readonly createdAt: Date;
}

const RULE = `tenant_id AS tenant, id, name, kind, channels, tells_cleared AS cleared, enabled, workflow, minutes, days,
   created_by AS "createdBy", created_at AS "createdAt"`;
const CHANNEL = `tenant_id AS tenant, id, name, kind, recipients AS "to", url, sealed_secret AS "sealedSecret",
   created_by AS "createdBy", created_at AS "createdAt"`;

const rulesOf = sql<KeptRule, [tenant: string]>(
  'alertRulesOf',
  `SELECT ${RULE} FROM alert_rule WHERE tenant_id = $1 ORDER BY created_at DESC, id`,
  { idempotent: true },
);
// All tenants', of those in these states.
const enabledRules = sql<KeptRule, [limit: number, states: TenantState[]]>(
  'enabledAlertRules',
  `SELECT ${RULE} FROM alert_rule WHERE enabled
     AND EXISTS (SELECT FROM tenant t WHERE t.id = tenant_id AND t.state = ANY ($2))
   ORDER BY tenant_id, id LIMIT $1`,
  { idempotent: true },
);
const ruleById = sql<KeptRule, [tenant: string, id: string]>(
  'alertRuleById',
  `SELECT ${RULE} FROM alert_rule WHERE tenant_id = $1 AND id = $2`,
  { idempotent: true },
);
// Who changes a rule waits for who removes it, and then finds none.
const holdRuleSql = sql<KeptRule, [tenant: string, id: string]>(
  'holdAlertRule',
  `SELECT ${RULE} FROM alert_rule WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE`,
);
const addRule = sql<
  KeptRule,
  [
    ...[tenant: string, id: string, name: string, kind: AlertKind, channels: string[], cleared: boolean],
    ...[enabled: boolean, workflow: string | null, minutes: number | null, days: number | null],
    ...[by: string, now: Date, most: number],
  ]
>(
  'addAlertRule',
  `INSERT INTO alert_rule (tenant_id, id, name, kind, channels, tells_cleared, enabled, workflow, minutes, days,
     created_by, created_at)
   SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 WHERE (SELECT count(*) FROM alert_rule WHERE tenant_id = $1) < $13
   RETURNING ${RULE}`,
);
const enableRule = sql<KeptRule, [tenant: string, id: string, enabled: boolean]>(
  'enableAlertRule',
  `UPDATE alert_rule SET enabled = $3 WHERE tenant_id = $1 AND id = $2 RETURNING ${RULE}`,
);
const removeRule = sql<never, [tenant: string, id: string]>(
  'removeAlertRule',
  `DELETE FROM alert_rule WHERE tenant_id = $1 AND id = $2`,
);
const channelsOf = sql<KeptChannel, [tenant: string]>(
  'alertChannelsOf',
  `SELECT ${CHANNEL} FROM alert_channel WHERE tenant_id = $1 ORDER BY created_at DESC, id`,
  { idempotent: true },
);
const channelById = sql<KeptChannel, [tenant: string, id: string]>(
  'alertChannelById',
  `SELECT ${CHANNEL} FROM alert_channel WHERE tenant_id = $1 AND id = $2`,
  { idempotent: true },
);
const addChannel = sql<
  KeptChannel,
  [
    ...[tenant: string, id: string, name: string, kind: AlertChannel['kind'], to: string[] | null],
    ...[url: string | null, secret: string | null, by: string, now: Date, most: number],
  ]
>(
  'addAlertChannel',
  `INSERT INTO alert_channel (tenant_id, id, name, kind, recipients, url, sealed_secret, created_by, created_at)
   SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT count(*) FROM alert_channel WHERE tenant_id = $1) < $10
   RETURNING ${CHANNEL}`,
);
const removeChannel = sql<{ name: string }, [tenant: string, id: string]>(
  'removeAlertChannel',
  `DELETE FROM alert_channel WHERE tenant_id = $1 AND id = $2 RETURNING name`,
);
// Where nobody has read for a while, what happened meanwhile does not count.
const beginReading = sql<never, [tenant: string, cursor: string]>(
  'beginReadingForAlerts',
  `INSERT INTO alert_reader (tenant_id, cursor) VALUES ($1, $2)
   ON CONFLICT (tenant_id) DO UPDATE SET cursor = $2 WHERE NOT EXISTS (
     SELECT FROM alert_rule r WHERE r.tenant_id = $1 AND r.enabled AND r.kind LIKE 'job.%')`,
);
const readerOf = sql<{ cursor: string }, [tenant: string]>(
  'alertReaderOf',
  `SELECT cursor FROM alert_reader WHERE tenant_id = $1`,
);
const moveReader = sql<never, [tenant: string, from: string, to: string]>(
  'moveAlertReader',
  `UPDATE alert_reader SET cursor = $3 WHERE tenant_id = $1 AND cursor = $2`,
);
const jobFacts = sql<JobFacts, [tenant: string, ids: string[]]>(
  'jobFactsForAlerts',
  `SELECT j.id, w.namespace || '/' || w.name AS workflow, j.error->>'code' AS code, j.error->>'title' AS why,
     j.review->>'reason' AS review
   FROM job j JOIN workflow_version w ON w.tenant_id = j.tenant_id AND w.id = j.workflow_id
   WHERE j.tenant_id = $1 AND j.id = ANY($2)`,
);

/** What an alert says of a job. */
export interface JobFacts {
  readonly id: string;
  readonly workflow: string;
  readonly code: string | null;
  readonly why: string | null;
  readonly review: string | null;
}

interface Key {
  readonly tenant: string;
  readonly id: string;
  readonly by: string;
  readonly now: Date;
}

export function listRules(db: Queryable, tenant: string): Promise<KeptRule[]> {
  return db.query(rulesOf(tenant));
}

/** Of tenants in one of `states`. */
export function listEnabled(db: Queryable, limit: number, states: readonly TenantState[]): Promise<KeptRule[]> {
  return db.query(enabledRules(limit, [...states]));
}

export async function findRule(db: Queryable, tenant: string, id: string): Promise<KeptRule | null> {
  return (await db.query(ruleById(tenant, id)))[0] ?? null;
}

/** The rule, held until the transaction ends. */
export async function holdRule(db: Transaction, tenant: string, id: string): Promise<KeptRule | null> {
  return (await db.query(holdRuleSql(tenant, id)))[0] ?? null;
}

/** Null when the tenant has `most`. Throws a unique violation of `alert_rule_name`. */
export async function insertRule(
  tx: Transaction,
  { tenant, id, by, now }: Key,
  rule: Pick<KeptRule, 'name' | 'kind' | 'channels' | 'cleared' | 'enabled' | 'workflow' | 'minutes' | 'days'>,
  most: number,
): Promise<KeptRule | null> {
  const { name, kind, channels, cleared, enabled, workflow, minutes, days } = rule;
  const settings = [cleared, enabled, workflow, minutes, days] as const;
  return (await tx.query(addRule(tenant, id, name, kind, [...channels], ...settings, by, now, most)))[0] ?? null;
}

export async function setEnabled(tx: Transaction, tenant: string, id: string, enabled: boolean): Promise<KeptRule> {
  return (await tx.query(enableRule(tenant, id, enabled)))[0]!;
}

export async function deleteRule(tx: Transaction, tenant: string, id: string): Promise<void> {
  await tx.execute(removeRule(tenant, id));
}

export function listChannels(db: Queryable, tenant: string): Promise<KeptChannel[]> {
  return db.query(channelsOf(tenant));
}

export async function findChannel(db: Queryable, tenant: string, id: string): Promise<KeptChannel | null> {
  return (await db.query(channelById(tenant, id)))[0] ?? null;
}

/** Null when the tenant has `most`. Throws a unique violation of `alert_channel_name`. */
export async function insertChannel(
  tx: Transaction,
  { tenant, id, by, now }: Key,
  { name, kind, to, url, sealedSecret }: Pick<KeptChannel, 'name' | 'kind' | 'to' | 'url' | 'sealedSecret'>,
  most: number,
): Promise<KeptChannel | null> {
  return (
    (await tx.query(addChannel(tenant, id, name, kind, to && [...to], url, sealedSecret, by, now, most)))[0] ?? null
  );
}

/** The name of the one that was removed. */
export async function deleteChannel(tx: Transaction, tenant: string, id: string): Promise<string | null> {
  return (await tx.query(removeChannel(tenant, id)))[0]?.name ?? null;
}

/** Before the first rule about jobs is enabled: events count from `cursor` on. */
export async function readFrom(tx: Transaction, tenant: string, cursor: string): Promise<void> {
  await tx.execute(beginReading(tenant, cursor));
}

export async function findCursor(db: Queryable, tenant: string): Promise<string | null> {
  return (await db.query(readerOf(tenant)))[0]?.cursor ?? null;
}

/** False when somebody else has read on. */
export async function moveCursor(tx: Transaction, tenant: string, from: string, to: string): Promise<boolean> {
  return (await tx.execute(moveReader(tenant, from, to))) === 1;
}

export async function findJobs(db: Queryable, tenant: string, ids: readonly string[]): Promise<Map<string, JobFacts>> {
  if (ids.length === 0) return new Map();
  return new Map((await db.query(jobFacts(tenant, [...ids]))).map((job) => [job.id, job]));
}
