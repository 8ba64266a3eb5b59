/**
 * What `hello` sets going: the session's row, the agent's profile, the verdicts on its runs, and after `welcome` its
 * assignments. Nothing here is trusted to say who the agent is.
 */
import { CLOSE, type Welcomed } from '@casare/shared/protocol';
import { CANCEL_GRACE_MS, sessions, type Reconciled } from '../jobs/index.ts';
import { refusalOfState } from '../trust/index.ts';
import { mayWork } from './agent.lifecycle.ts';
import * as store from './agent.store.ts';
import { announceAgent } from './announce.ts';
import type { Ending, Session, SessionContext } from './session-context.ts';
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
  const standing = await open(context, session, hello);
  if ('refused' in standing) return standing;
  context.opened(session);
  context.live.wake();
  const reconciled = await context.runs.reconcile(session.peer, hello.runs);
  const { pingMs, deadMs, leaseMs } = context.limits;
  return {
    welcome: { type: 'welcome', session: session.id, pingMs, deadMs, leaseMs, runs: reconciled.runs },
    begin: () => begin(context, session, hello, standing, reconciled),
  };
}

/** Row, profile and announcement in one transaction. */
async function open(
  { db, beat, clock }: SessionContext,
  session: Session,
  hello: FromAgent<'hello'>,
): Promise<store.Standing | { readonly refused: Ending }> {
  const { tenant, agentId } = session.peer;
  const { instance, epoch } = hello;
  return db.transaction(async (tx) => {
    // Locked first: a lock that commits earlier is seen here, one that commits later finds this session.
    const agent = await store.hold(tx, tenant, agentId);
    const refusal = agent ? refusalOfState(agent.state) : 'AGENT_DECOMMISSIONED';
    if (refusal !== null) return refused(refusal === 'AGENT_LOCKED' ? CLOSE.locked : CLOSE.notAdmitted, refusal);
    const key = { tenant, agentId, sessionId: session.id, gatewayId: beat.id, instance, epoch };
    if (!(await sessions.open(tx, key))) return refused(CLOSE.replaced, 'a newer start of this agent is connected');
    const standing = await store.saveProfile(tx, tenant, agentId, hello);
    const { name, state } = standing;
    await announceAgent(tx, { tenant, agentId, name, state, connected: true }, clock.now());
    return standing;
  });
}

/** The session is live: it gets its assignments, then whatever the dispatcher finds for it. */
function begin(
  { dispatcher }: SessionContext,
  session: Session,
  hello: FromAgent<'hello'>,
  standing: store.Standing,
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
      send: (message) => session.send(message),
    },
    leases,
  );
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

function refused(code: number, reason: string): { readonly refused: Ending } {
  return { refused: { code, reason } };
}
