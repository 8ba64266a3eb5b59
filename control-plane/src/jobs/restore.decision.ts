/**
 * What becomes of attempts when the record was restored from a backup (ADR 0021). What was acknowledged after the backup
 * is forgotten: jobs may have run, ended or been given to other agents since, and nobody knows.
 *
 * Invariant: nothing that an agent may have done is done again unless a person says so. What cannot do harm when it is
 * repeated goes on by itself.
 */

/** A job or an attempt as the restored record has it. */
interface Doubtful {
  /** From what is on record, may a step have run, or run now, that must not be repeated? */
  readonly unsafeReachable: boolean;
}

/** What becomes of a job that waits in the queue: it may have run since, to any end, and its agent has forgotten it. */
export function afterRestore(job: Doubtful): 'wait' | 'ask' {
  return job.unsafeReachable ? 'ask' : 'wait';
}

/** An attempt that held its lease when the backup was made, and whose agent greets with it now. */
export interface ReturnedAttempt extends Doubtful {
  /** When the agent's leases ended, by the clock of the database, milliseconds; null when it does not say. */
  readonly leaseEndedAt: number | null;
  /** Until when the forgotten record went on, milliseconds. */
  readonly failedAt: number;
  /** How much longer than a lease the server waits before it gives an attempt up, milliseconds. */
  readonly marginMs: number;
}

/**
 * An attempt whose lease held until the control plane failed cannot have been replaced by another one, and goes on: what the
 * record lacks is sent again. One that had lost its lease before may have been: a person may have run the job again.
 */
export function afterReturn(attempt: ReturnedAttempt): 'continue' | 'fence' {
  if (!attempt.unsafeReachable) return 'continue';
  const { leaseEndedAt, failedAt, marginMs } = attempt;
  return leaseEndedAt !== null && leaseEndedAt >= failedAt - marginMs ? 'continue' : 'fence';
}
