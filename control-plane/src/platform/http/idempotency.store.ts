/**
 * Idempotency keys, of submits and of all other operations. A key is a digest: see `idempotency.ts`.
 *
 * Invariants: a key is taken once; `effect` is set in the transaction of the change itself, so it says whether there was
 * one, whatever died when; a run that was taken over cannot commit any more.
 */
import { sql, type Queryable } from '../database/index.ts';

// In one order, so that two submits that take the same keys never wait for each other in a circle.
const claimIdempotencyKeys = sql<{ key: string }, [tenant: string, keys: string]>(
  'claimIdempotencyKeys',
  `INSERT INTO idempotency_key (tenant_id, key, request_digest, job_ids)
   SELECT $1, k.key, k.digest, ARRAY(SELECT jsonb_array_elements_text(k."jobIds")::uuid)
   FROM jsonb_to_recordset($2::jsonb) AS k(key text, digest text, "jobIds" jsonb) ORDER BY k.key
   ON CONFLICT (tenant_id, key) DO NOTHING RETURNING key`,
);

const findIdempotencyKey = sql<{ request_digest: string; job_ids: string[] }, [tenant: string, key: string]>(
  'findIdempotencyKey',
  `SELECT request_digest, job_ids::text[] FROM idempotency_key
   WHERE tenant_id = $1 AND key = $2 AND job_ids IS NOT NULL`,
  { idempotent: true },
);

const dropIdempotencyKeys = sql<never, [olderMs: number, limit: number]>(
  'dropIdempotencyKeys',
  `DELETE FROM idempotency_key WHERE (tenant_id, key) IN (
     SELECT tenant_id, key FROM idempotency_key
     WHERE created_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000) ORDER BY created_at LIMIT $2)`,
);

/** A key and what it stands for. */
export interface NewIdempotencyKey {
  readonly key: string;
  readonly digest: string;
  readonly jobIds: readonly string[];
}

/** Takes these different keys; gives those that were free (a racing submit waits here for the other's COMMIT). */
export async function takeIdempotencyKeys(
  tx: Queryable,
  tenant: string,
  keys: readonly NewIdempotencyKey[],
): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set();
  const rows = await tx.query(claimIdempotencyKeys(tenant, JSON.stringify(keys)));
  return new Set(rows.map((row) => row.key));
}

/** What the key was used for before. */
export async function readIdempotencyKey(
  db: Queryable,
  tenant: string,
  key: string,
): Promise<{ digest: string; jobIds: string[] } | null> {
  const [row] = await db.query(findIdempotencyKey(tenant, key));
  return row ? { digest: row.request_digest, jobIds: row.job_ids } : null;
}

/** Forgets keys older than `olderMs`, `batch` at a time. */
export async function forgetIdempotencyKeys(db: Queryable, olderMs: number, batch: number): Promise<void> {
  let dropped = batch;
  while (dropped === batch) dropped = await db.execute(dropIdempotencyKeys(olderMs, batch));
}

/** Whose key, and the request that is carried out under it. */
export interface RunOf {
  readonly tenant: string;
  readonly key: string;
  readonly run: string;
}

/** What is known of a key that was taken before. */
export interface UsedKey {
  readonly digest: string;
  /** Milliseconds since its run began. */
  readonly ageMs: number;
  readonly run: string | null;
  readonly effect: boolean;
  readonly status: number | null;
  readonly answer: Buffer | null;
}

type BeginValues = [tenant: string, key: string, digest: string, caller: string, run: string, most: number];
const beginRun = sql<{ key: string }, BeginValues>(
  'beginIdempotentRun',
  `INSERT INTO idempotency_key (tenant_id, key, request_digest, caller, run, created_at)
   SELECT $1, $2, $3, $4, $5, clock_timestamp()
   WHERE (SELECT count(*) FROM (SELECT FROM idempotency_key WHERE tenant_id = $1 AND caller = $4 LIMIT $6) AS k) < $6
   ON CONFLICT (tenant_id, key) DO NOTHING RETURNING key`,
);

const findRun = sql<UsedKey, [tenant: string, key: string]>(
  'findIdempotentRun',
  `SELECT request_digest AS digest, run, effect, status, answer,
     extract(epoch FROM clock_timestamp() - created_at)::float8 * 1000 AS "ageMs"
   FROM idempotency_key WHERE tenant_id = $1 AND key = $2`,
  { idempotent: true },
);

const takeRunOver = sql<never, [tenant: string, key: string, run: string, before: string]>(
  'takeIdempotentRunOver',
  `UPDATE idempotency_key SET run = $3, created_at = clock_timestamp()
   WHERE tenant_id = $1 AND key = $2 AND run = $4 AND NOT effect`,
);

const markEffect = sql<never, [tenant: string, key: string, run: string]>(
  'markIdempotentEffect',
  `UPDATE idempotency_key SET effect = true WHERE tenant_id = $1 AND key = $2 AND run = $3`,
);

type FinishValues = [tenant: string, key: string, run: string, status: number, answer: Buffer | null];
const finishRun = sql<never, FinishValues>(
  'finishIdempotentRun',
  `UPDATE idempotency_key SET run = NULL, effect = true, status = $4, answer = $5
   WHERE tenant_id = $1 AND key = $2 AND run = $3`,
  { idempotent: true },
);

const dropRun = sql<never, [tenant: string, key: string, run: string, also: boolean]>(
  'dropIdempotentRun',
  `DELETE FROM idempotency_key WHERE tenant_id = $1 AND key = $2 AND run = $3 AND (NOT effect OR $4)`,
  { idempotent: true },
);

const loseRun = sql<never, [tenant: string, key: string, run: string]>(
  'loseIdempotentRun',
  `UPDATE idempotency_key SET run = NULL WHERE tenant_id = $1 AND key = $2 AND run = $3`,
  { idempotent: true },
);

/** True: the key was free and is this run's now. False: it is taken, or its caller has `most` of them. */
export async function begin(
  db: Queryable,
  { tenant, key, run }: RunOf,
  { digest, caller, most }: { readonly digest: string; readonly caller: string; readonly most: number },
): Promise<boolean> {
  return (await db.query(beginRun(tenant, key, digest, caller, run, most))).length === 1;
}

export async function find(db: Queryable, tenant: string, key: string): Promise<UsedKey | null> {
  return (await db.query(findRun(tenant, key)))[0] ?? null;
}

/** Goes on in the place of a run that has died without an effect; false when somebody else does, or it had one. */
export async function takeOver(db: Queryable, { tenant, key, run }: RunOf, before: string): Promise<boolean> {
  return (await db.execute(takeRunOver(tenant, key, run, before))) === 1;
}

/** In the transaction of a change: false when the run is no more the one that may make it. */
export async function mark(tx: Pick<Queryable, 'execute'>, { tenant, key, run }: RunOf): Promise<boolean> {
  return (await tx.execute(markEffect(tenant, key, run))) === 1;
}

export async function finish(db: Queryable, of: RunOf, status: number, answer: Buffer | null): Promise<void> {
  await db.execute(finishRun(of.tenant, of.key, of.run, status, answer));
}

/** Gives the key back: the request was refused. */
export async function giveBack(db: Queryable, { tenant, key, run }: RunOf): Promise<void> {
  await db.execute(dropRun(tenant, key, run, true));
}

/** The run has failed: the key is free again if it has changed nothing, and else its answer is lost. */
export async function fail(db: Queryable, { tenant, key, run }: RunOf): Promise<void> {
  if ((await db.execute(dropRun(tenant, key, run, false))) === 0) await db.execute(loseRun(tenant, key, run));
}
