/**
 * What is on record of pauses: words about attempts that are out, and jobs that are held back from the queue.
 *
 * Invariant: a paused job has a lease, or a place in the waiting room that is held, never both and never neither.
 */
import { sql, type Queryable } from '../platform/database/index.ts';
import type { JobState } from '@casare/shared/api';
import type { AttemptKey } from './lease.store.ts';
import { move, startWaiting } from './transition.store.ts';

const wordAbout = sql<never, [tenant: string, job: string, attempt: number, word: number]>(
  'wordAbout',
  `UPDATE job_lease SET pause_word = $4 WHERE tenant_id = $1 AND job_id = $2 AND attempt = $3 AND pause_word = $4 - 1`,
);

const sessionPauses = sql<{ pauses: boolean }, [tenant: string, agent: string]>(
  'sessionPauses',
  `SELECT pauses FROM agent_session WHERE tenant_id = $1 AND agent_id = $2`,
  { idempotent: true },
);

const holdPlace = sql<never, [tenant: string, job: string, held: boolean]>(
  'holdPlace',
  `UPDATE job_waiting SET held = $3 WHERE tenant_id = $1 AND job_id = $2`,
);

const pauseWords = sql<
  { job_id: string; attempt: number; agent_id: string; pause_word: number },
  [agents: string[], limit: number]
>(
  'pauseWords',
  `SELECT job_id, attempt, agent_id, pause_word FROM job_lease
   WHERE agent_id = ANY($1::uuid[]) AND pause_word > 0 LIMIT $2`,
  { idempotent: true },
);

/** A word about an attempt that is out. */
export interface PauseWord {
  readonly jobId: string;
  readonly attempt: number;
  readonly agentId: string;
  readonly pauseWord: number;
}

/** Notes a person's word about a locked lease, the next after the last. */
export async function notePause(tx: Queryable, key: AttemptKey, word: number): Promise<void> {
  await tx.execute(wordAbout(key.tenant, key.jobId, key.attempt, word));
}

/** True when the agent, as it said last, knows what a pause is. */
export async function canPause(db: Queryable, tenant: string, agentId: string): Promise<boolean> {
  return (await db.query(sessionPauses(tenant, agentId)))[0]?.pauses ?? false;
}

/** Holds a place in the waiting room, or lets it go; false when the job has none. */
export async function hold(tx: Queryable, tenant: string, jobId: string, held: boolean): Promise<boolean> {
  return (await tx.execute(holdPlace(tenant, jobId, held))) === 1;
}

/** Words about attempts of these agents. */
export async function listPauseWords(db: Queryable, agents: readonly string[], limit: number): Promise<PauseWord[]> {
  const rows = await db.query(pauseWords([...agents], limit));
  return rows.map((row) => ({
    ...{ jobId: row.job_id, attempt: row.attempt, agentId: row.agent_id, pauseWord: row.pause_word },
  }));
}

/** A job that is pending again and that a person had paused: it waits until it is let go, and for `delayMs` at least. */
export async function holdBack(
  tx: Queryable,
  key: { readonly tenant: string; readonly jobId: string },
  delayMs = 0,
): Promise<JobState> {
  await startWaiting(tx, key.tenant, key.jobId, delayMs);
  await hold(tx, key.tenant, key.jobId, true);
  return (await move(tx, { ...key, state: 'pending' }, 'hold'))!;
}
