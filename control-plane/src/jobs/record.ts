/**
 * Writes one batch of run events: lock the leases, keep what is new, fold, write, end what ended - one transaction.
 * Everything a fenced attempt sends is refused here, whatever it claims (invariant 2).
 */
import type { JobState } from '@casare/shared/api';
import { appendJobs, appendLive, type JobChange, type NewLiveEvent } from '../live/index.ts';
import { BY_KEY, type Database, type Transaction } from '../platform/database/index.ts';
import type { EventMessage, Recorded } from './event-batcher.ts';
import { ENDED } from './job.lifecycle.ts';
import { end } from './lease.store.ts';
import { isPauseWanted } from './pause.decision.ts';
import { judgeFailures, settleFailures } from './retries.ts';
import { foldEvents, newEvents } from './run-fold.decision.ts';
import { ackedSeqsOfEnded, lockHeldLeases, writeRuns, type HeldLease, type RunWrite } from './run.store.ts';
import { findStepsAt } from './step.store.ts';
import { releaseKeys } from './transition.store.ts';

/** An attempt that a batch ended. */
export interface EndedAttempt {
  readonly tenant: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly agentId: string;
  /** It ended without success, which speaks against its agent for a while. */
  readonly failed: boolean;
  /** Its job held a concurrency key. */
  readonly keyed: boolean;
}

/** The answers in the order of the messages, and what ended. */
export interface RecordResult {
  readonly answers: Recorded[];
  readonly ended: readonly EndedAttempt[];
}

const FAILED: ReadonlySet<JobState> = new Set(['failed', 'timed_out']);
/** Outputs above this are left out of live events; the step's row has them. */
const LIVE_OUTPUT_BYTES = 4_096;

/** Records a batch that holds at most one message of each attempt. */
export async function recordBatch(
  db: Database,
  messages: readonly EventMessage[],
  now: Date,
  random: () => number,
): Promise<RecordResult> {
  const work = async (tx: Transaction): Promise<RecordResult> => {
    const held = new Map((await lockHeldLeases(tx, messages)).map((lease) => [keyOf(lease), lease]));
    const judged: RunWrite[] = [];
    const withoutLease = await answerWithoutLease(
      tx,
      messages.filter((message) => !held.has(keyOf(message))),
    );
    const answers = messages.map((message) => {
      const lease = held.get(keyOf(message));
      return lease ? judge(lease, message, judged) : withoutLease.get(message)!;
    });
    const { writes, failed } = await judgeFailures(tx, judged, random);
    if (writes.length === 0) return { answers, ended: [] };
    const ended = writes.filter((write) => write.fold.ending !== null);
    const over = ended.filter((write) => write.keyed && ENDED.includes(write.fold.state));
    // In this order, and in one flight.
    await Promise.all([
      writeRuns(tx, writes),
      end(tx, ended.map(outcomeOf)),
      releaseKeys(tx, over),
      appendJobs(tx, changesOf(writes), now),
    ]);
    await settleFailures(tx, failed, now);
    await appendLive(tx, [...(await stepEvents(tx, writes, now)), ...writes.flatMap(logEvents)]);
    return {
      answers,
      ended: ended.map((write) => ({
        ...write,
        failed: write.fold.state === 'pending' || FAILED.has(write.fold.state),
      })),
    };
  };
  return db.transaction(work, { settings: BY_KEY });
}

/** Decides about one message and adds what it writes to `writes`. */
function judge(lease: HeldLease, message: EventMessage, writes: RunWrite[]): Recorded {
  const events = newEvents(lease.ackedSeq, message.events);
  if (!events) return { outcome: 'broken', reason: `events do not continue after number ${lease.ackedSeq}` };
  if (events.length === 0) return { outcome: 'acked', seq: lease.ackedSeq };
  const fold = foldEvents(lease.state, events, { cancelling: lease.cancelling, paused: isPauseWanted(lease) });
  if (!fold) return { outcome: 'fenced', reason: `these events cannot happen to a job that is ${lease.state}` };
  writes.push({ ...lease, events, fold });
  return { outcome: 'acked', seq: events.at(-1)!.seq };
}

/** An ending whose acknowledgement was lost is acknowledged again; anything else is fenced. */
async function answerWithoutLease(
  tx: Transaction,
  messages: readonly EventMessage[],
): Promise<ReadonlyMap<EventMessage, Recorded>> {
  if (messages.length === 0) return new Map();
  const seqs = await ackedSeqsOfEnded(tx, messages);
  return new Map(
    messages.map((message, index): [EventMessage, Recorded] => {
      const last = message.events.at(-1)!.seq;
      // Not beyond what was sent: a person's word may have been recorded behind it.
      if (seqs[index]! >= last) return [message, { outcome: 'acked', seq: last }];
      const reason = `attempt ${message.attempt} of this job no longer holds its lease`;
      return [message, { outcome: 'fenced', reason }];
    }),
  );
}

function outcomeOf(write: RunWrite): RunWrite & { outcome: string } {
  return { ...write, outcome: write.fold.state === 'pending' ? 'retried' : write.fold.state };
}

function changesOf(writes: readonly RunWrite[]): JobChange[] {
  return writes
    .filter((write) => write.fold.state !== write.state)
    .map(({ tenant, jobId, attempt, fold }) => ({ tenant, jobId, attempt, state: fold.state }));
}

async function stepEvents(tx: Transaction, writes: readonly RunWrite[], now: Date): Promise<NewLiveEvent[]> {
  const places = writes.flatMap(({ tenant, jobId, attempt, fold }) => {
    const positions = new Set([...fold.opened, ...fold.ended].map(({ body }) => body.position));
    return [...positions].map((position) => ({ tenant, jobId, attempt, position }));
  });
  if (places.length === 0) return [];
  return (await findStepsAt(tx, places)).map(({ tenant, jobId, step }) => ({
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
  return fold.logs.map(({ seq, at, level, message }) => ({
    tenant,
    event: { type: 'log.line', at, jobId, line: { attempt, seq, at, level, message } },
  }));
}

function keyOf(writer: { tenant: string; jobId: string; attempt: number; agentId: string }): string {
  return `${writer.tenant} ${writer.jobId} ${writer.attempt} ${writer.agentId}`;
}
