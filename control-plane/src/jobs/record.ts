/**
 * Writes one batch of run events: lock the leases, keep what is new, fold, write, end what ended - one transaction.
 * Everything a fenced attempt sends is refused here, whatever it claims (invariant 2).
 */
import { appendLive, type NewLiveEvent } from '../live/index.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import { announceJobs } from './announce.ts';
import type { EventMessage, Recorded } from './event-batcher.ts';
import { findStepsAt } from './job.store.ts';
import { ENDED } from './job.lifecycle.ts';
import { end } from './lease.store.ts';
import { foldEvents, newEvents } from './run-fold.decision.ts';
import { ackedSeqOfEnded, lockHeldLeases, writeRuns, type HeldLease, type RunWrite } from './run.store.ts';
import { releaseKeys } from './transition.store.ts';

/** An attempt that a batch ended. */
export interface EndedAttempt {
  readonly tenant: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly agentId: string;
}

/** The answers in the order of the messages, and what ended. */
export interface RecordResult {
  readonly answers: Recorded[];
  readonly ended: readonly EndedAttempt[];
}

/** Outputs above this are left out of live events; the step's row has them. */
const LIVE_OUTPUT_BYTES = 4_096;

/** Records a batch that holds at most one message of each attempt. */
export async function recordBatch(db: Database, messages: readonly EventMessage[], now: Date): Promise<RecordResult> {
  return db.transaction(async (tx) => {
    const held = new Map((await lockHeldLeases(tx, messages)).map((lease) => [keyOf(lease), lease]));
    const writes: RunWrite[] = [];
    const answers: Recorded[] = [];
    for (const message of messages) {
      const lease = held.get(keyOf(message));
      const answer = lease ? judge(lease, message, writes) : await answerWithoutLease(tx, message);
      answers.push(answer);
    }
    if (writes.length > 0) await writeRuns(tx, writes);
    const ended = writes.filter((write) => write.fold.ending !== null);
    await end(
      tx,
      ended.map((write) => ({ ...write, outcome: write.fold.state })),
    );
    const over = ended.filter((write) => ENDED.includes(write.fold.state));
    if (over.length > 0) await releaseKeys(tx, over);
    await announce(tx, writes, now);
    return { answers, ended };
  });
}

/** Decides about one message and adds what it writes to `writes`. */
function judge(lease: HeldLease, message: EventMessage, writes: RunWrite[]): Recorded {
  const events = newEvents(lease.ackedSeq, message.events);
  if (!events) return { outcome: 'broken', reason: `events do not continue after number ${lease.ackedSeq}` };
  if (events.length === 0) return { outcome: 'acked', seq: lease.ackedSeq };
  const fold = foldEvents(lease.state, events);
  if (!fold) return { outcome: 'fenced', reason: `these events cannot happen to a job that is ${lease.state}` };
  writes.push({ ...lease, events, fold });
  return { outcome: 'acked', seq: events.at(-1)!.seq };
}

/** An ending whose acknowledgement was lost is acknowledged again; anything else is fenced. */
async function answerWithoutLease(tx: Transaction, message: EventMessage): Promise<Recorded> {
  const seq = await ackedSeqOfEnded(tx, message);
  const last = message.events.at(-1)!.seq;
  // Not beyond what was sent: a person's word may have been recorded behind it.
  if (seq >= last) return { outcome: 'acked', seq: last };
  return { outcome: 'fenced', reason: `attempt ${message.attempt} of this job no longer holds its lease` };
}

async function announce(tx: Transaction, writes: readonly RunWrite[], now: Date): Promise<void> {
  const changed = writes.filter((write) => write.fold.state !== write.state);
  await announceJobs(
    tx,
    changed.map(({ tenant, jobId, attempt, fold }) => ({ tenant, jobId, attempt, state: fold.state })),
    now,
  );
  const live: NewLiveEvent[] = [];
  for (const write of writes) live.push(...(await stepEvents(tx, write, now)), ...logEvents(write));
  await appendLive(tx, live);
}

async function stepEvents(tx: Transaction, write: RunWrite, now: Date): Promise<NewLiveEvent[]> {
  const { tenant, jobId, attempt, fold } = write;
  const positions = new Set([...fold.opened, ...fold.ended].map(({ body }) => body.position));
  if (positions.size === 0) return [];
  const steps = await findStepsAt(tx, tenant, jobId, attempt, [...positions]);
  return steps.map((step) => ({
    tenant,
    event: {
      type: 'step.changed',
      at: now.toISOString(),
      jobId,
      step: JSON.stringify(step.output).length > LIVE_OUTPUT_BYTES ? { ...step, output: null } : step,
    },
  }));
}

function logEvents({ tenant, jobId, attempt, fold }: RunWrite): NewLiveEvent[] {
  return fold.logs.map(({ seq, at, body }) => ({
    tenant,
    event: { type: 'log.line', at, jobId, line: { attempt, seq, at, level: body.level, message: body.message } },
  }));
}

function keyOf(writer: { tenant: string; jobId: string; attempt: number; agentId: string }): string {
  return `${writer.tenant} ${writer.jobId} ${writer.attempt} ${writer.agentId}`;
}
