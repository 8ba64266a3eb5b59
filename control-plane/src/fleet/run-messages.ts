/**
 * What an agent says about its runs and itself, once its session is live. Each function answers only after the database
 * said COMMIT, and throws when it could not be asked, so that the inbox tries again.
 */
import { CLOSE } from '@casare/shared/protocol';
import { appendAudit } from '../audit/index.ts';
import { Fault } from '../platform/errors.ts';
import * as store from './agent.store.ts';
import { announceAgent } from './announce.ts';
import type { Ending, Session, SessionContext } from './session-context.ts';
import type { AgentMessage, FromAgent } from './wire.ts';

/**
 * The lane of a message in its session's inbox: what an agent says about one job stays in order and waits for no other
 * job. Everything else is rare, costs a transaction of its own, and is handled alone.
 */
export function laneOf(message: AgentMessage): string | null {
  return message.type === 'run.events' || message.type === 'job.accepted' ? message.jobId : null;
}

/** Handles one message; an ending when the session must not go on. */
export async function handleRunMessage(
  context: SessionContext,
  session: Session,
  message: AgentMessage,
): Promise<Ending | null> {
  const { runs } = context;
  switch (message.type) {
    case 'run.events':
      return record(context, session, message);
    case 'job.accepted':
      await runs.accepted(session.peer, message.jobId, message.attempt);
      return null;
    case 'job.refused':
      await runs.refused(session.peer, message.jobId, message.attempt, message.code, message.reason);
      return null;
    case 'run.stopped':
      await runs.stopped(session.peer, message.jobId, message.attempt);
      return null;
    case 'capabilities':
      await changeCapabilities(context, session, message);
      return null;
    case 'bundle.ack':
      await store.saveBundle(context.db, session.peer.tenant, session.peer.agentId, message.digest);
      session.holds(message.digest);
      return null;
    default:
      return { code: CLOSE.badMessage, reason: `${message.type} is out of order` };
  }
}

async function record(
  context: SessionContext,
  session: Session,
  { jobId, attempt, events }: FromAgent<'run.events'>,
): Promise<Ending | null> {
  const { runs, log } = context;
  const recorded = await runs.record(session.peer, jobId, attempt, events);
  switch (recorded.outcome) {
    case 'acked':
      session.send({ type: 'run.ack', jobId, attempt, seq: recorded.seq });
      return null;
    case 'fenced':
      log.info('a fenced attempt was told to stop', { ...session.peer, jobId, attempt, reason: recorded.reason });
      await auditFence(context, session, { jobId, attempt, reason: recorded.reason });
      session.send({ type: 'run.fenced', jobId, attempt, reason: recorded.reason });
      return null;
    case 'broken':
      return { code: CLOSE.badMessage, reason: recorded.reason };
    case 'busy':
      throw new Fault({ code: 'RECORDING_BUSY', what: 'Too many events wait to be recorded', status: 503 });
  }
}

/** On record are an agent's first refused writes and some of those that follow; all are in the log. */
async function auditFence(
  { db, fenceLimit }: SessionContext,
  { peer: { tenant, agentId } }: Session,
  { jobId, ...detail }: { readonly jobId: string; readonly attempt: number; readonly reason: string },
): Promise<void> {
  if (!fenceLimit.take(agentId)) return;
  await db.transaction((tx) =>
    appendAudit(tx, { tenant, actor: `agent:${agentId}`, action: 'run.fenced', subject: `job:${jobId}`, detail }),
  );
}

async function changeCapabilities(
  { db, clock, dispatcher, live, changed }: SessionContext,
  session: Session,
  { capabilities, slots }: FromAgent<'capabilities'>,
): Promise<void> {
  const { tenant, agentId } = session.peer;
  const isKept = await db.transaction(async (tx) => {
    const kept = await store.saveCapabilities(tx, tenant, agentId, { capabilities, slots });
    if (kept) await announceAgent(tx, { tenant, agentId, ...kept, connected: true }, clock.now());
    return kept !== null;
  });
  if (!isKept) return;
  live.wake();
  dispatcher.update(agentId, { slots });
  // Its labels are those of its row: the grants seen here may be older than those that the watch has told.
  changed(agentId);
}
