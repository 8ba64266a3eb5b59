/**
 * What `hello` sets going: the session's row, the agent's profile, the verdicts on its runs, and after `welcome` its
 * assignments. Nothing here is trusted to say who the agent is.
 */
import { CLOSE, type Welcomed } from '@casare/shared/protocol';
import { CANCEL_GRACE_MS, type Reconciled } from '../jobs/index.ts';
import { CONTROL_PLANE_VERSION } from '../platform/version.ts';
import { mayWork } from './agent.lifecycle.ts';
import type { Standing } from './agent.store.ts';
import { RECORD_WENT_BACK } from './greetings.ts';
import type { Ending, Opened, Session, SessionContext } from './session-context.ts';
import type { FromAgent, ServerMessage } from './wire.ts';

/** A greeting that may be answered. */
export interface Greeted {
  readonly welcome: Extract<ServerMessage, { type: 'welcome' }>;
  /** To be run right after `welcome` was sent. */
  readonly begin: () => void;
}

/** Handles `hello`. Rejects when the database fails; repeating it then changes nothing. */
export async function greet(
  context: SessionContext,
  session: Session,
  hello: FromAgent<'hello'>,
): Promise<Greeted | { readonly refused: Ending }> {
  const opened = await open(context, session, hello);
  if ('refused' in opened) return opened;
  context.opened(session, opened.elsewhere);
  context.live.wake();
  const reconciled = await context.runs.reconcile(session.peer, hello.runs, hello);
  const { pingMs, deadMs, leaseMs } = context.limits;
  const { storeEpoch } = opened.standing;
  return {
    welcome: {
      ...{ type: 'welcome', session: session.id, pingMs, deadMs, leaseMs, runs: reconciled.runs, storeEpoch },
      agentState: opened.standing.state,
      ...(CONTROL_PLANE_VERSION === undefined ? {} : { version: CONTROL_PLANE_VERSION }),
    },
    begin: () => begin(context, session, hello, opened.standing, reconciled),
  };
}

/**
 * Another process of this agent may hold a session. This one gets it only after it has answered a ping: it lives then, and
 * when the other one answers a ping after that too, both do (see `TunnelSessions`). The epoch decides nothing: an agent
 * whose outbox was lost starts to count anew.
 */
async function open(
  { greetings, log }: SessionContext,
  session: Session,
  hello: FromAgent<'hello'>,
): Promise<Exclude<Opened, 'contested'>> {
  const opened = await greetings({ session, hello, known: 'alone' });
  if (opened !== 'contested') {
    if ('refused' in opened && opened.refused.reason === RECORD_WENT_BACK) sayWentBack(log, session);
    return opened;
  }
  if (!(await session.answersNow())) return refused('no answer to a ping');
  const contested = await greetings({ session, hello, known: 'alive' });
  return contested === 'contested' ? refused('another session came between') : contested;
}

function sayWentBack(log: SessionContext['log'], { peer: { tenant, agentId } }: Session): void {
  const fix = 'Nobody is let in that knows better: stop every replica, run `casare restored`, and start them.';
  log.error(`${RECORD_WENT_BACK}; it was restored from a backup. ${fix}`, { tenant, agentId });
}

function refused(reason: string): { readonly refused: Ending } {
  return { refused: { code: CLOSE.goingAway, reason } };
}

/** The session is live: it gets its assignments, then whatever the dispatcher finds for it. */
function begin(
  { dispatcher }: SessionContext,
  session: Session,
  hello: FromAgent<'hello'>,
  standing: Standing,
  { runs, leases, assignments }: Reconciled,
): void {
  for (const assignment of assignments) session.send(assignment);
  for (const { jobId, attempt, cancelling } of leases) if (cancelling) session.send(cancel(jobId, attempt));
  for (const run of runs) if (isCancelled(run, leases)) session.send(cancel(run.jobId, run.attempt));
  dispatcher.connect(
    {
      ...session.peer,
      sessionId: session.id,
      site: standing.site,
      labels: new Set([...hello.capabilities, ...standing.grants]),
      slots: hello.slots,
      active: mayWork(standing.state),
      pauses: hello.pauses === true,
      send: (message) => session.send(message),
    },
    leases,
  );
  // Of what it holds it was told by its verdicts; again does no harm.
  for (const lease of leases) if (lease.pauseWord > 0) dispatcher.pause(lease);
}

/** A run to be cancelled that is not among the leases any more. */
function isCancelled(run: Welcomed, leases: Reconciled['leases']): boolean {
  return run.cancelling && !leases.some((lease) => lease.jobId === run.jobId);
}

/** Told again after every reconnect: the first message may have been lost with its tunnel. */
function cancel(jobId: string, attempt: number): ServerMessage {
  const reason = 'A cancel was asked for while the agent was away.';
  return { type: 'job.cancel', jobId, attempt, graceMs: CANCEL_GRACE_MS, reason };
}
