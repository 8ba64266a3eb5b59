/**
 * The sessions of this replica: beginning, replacing, watching, ending them.
 *
 * Invariants: of an agent at most one session is live here; a lock, a revocation or a newer session elsewhere ends a
 * session within two seconds, also when no notification arrives; the end of a session is written until it is on record,
 * with the lease that the agent may still believe in.
 */
import { CLOSE } from '@casare/shared/protocol';
import type { WebSocket } from 'ws';
import { sessions } from '../jobs/index.ts';
import type { Subscription } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { TRUST_CHANNEL, type AdmittedPeer, type Trust } from '../trust/index.ts';
import { mayWork } from './agent.lifecycle.ts';
import { announceAgents } from './announce.ts';
import { atMost } from './at-most.ts';
import { createGreetings } from './greetings.ts';
import { leaveForGood } from './leaving.ts';
import type { Session, SessionContext } from './session-context.ts';
import { SessionDuties } from './session-duties.ts';
import { SessionWatch } from './session-watch.ts';
import type { Seen } from './session-watch.store.ts';
import { TunnelSession } from './tunnel-session.ts';

type Given = Omit<SessionContext, 'opened' | 'ended' | 'changed' | 'unsendable' | 'greetings' | 'leave'>;

export interface TunnelSessionsOptions extends Given {
  readonly ids: Ids;
  /** Decommissions an agent at its own word; false while it has a session. */
  readonly leave: (peer: AdmittedPeer) => Promise<boolean>;
  readonly trust: Pick<Trust, 'views' | 'gateway'>;
}

/** A look costs next to nothing at rest, and a lock must end sessions within two seconds also on a busy machine. */
const WATCH_MS = 500;
/** How often ends that could not be written are tried again, milliseconds. */
const ENDS_MS = 1_000;
/** How often the times of the sessions are looked at: one timer for all of them. */
const TICK_MS = 250;
const CHANNEL = 'casare_agent';
/** How long agents have to leave when this replica stops, milliseconds. */
const LEAVE_MS = 2_000;
/** How long their ends may take to be put on record then, milliseconds. */
const STOP_MS = 2_000;
/** Ends that are put on record together. */
const ENDS = 200;

export class TunnelSessions {
  readonly #options: TunnelSessionsOptions;
  readonly #context: SessionContext;
  /** Every open session, also before `hello`. */
  readonly #open = new Set<Session>();
  /** How many open sessions an agent has. */
  readonly #sockets = new Map<string, number>();
  /** The session of each agent whose row was opened. */
  readonly #held = new Map<string, Session>();
  /** Sessions that ended and whose end is not on record yet. */
  readonly #closing = new Set<Session>();
  /** What the watch last told the dispatcher of a session. */
  readonly #told = new WeakMap<Session, string>();
  readonly #loops: Loop[] = [];
  readonly #subscriptions: Subscription[] = [];
  /** Looks at what is on record. */
  readonly watch: SessionWatch;
  /** Tells agents what trust asks of them. */
  readonly duties: SessionDuties;
  #emptied: (() => void) | null = null;

  constructor(options: TunnelSessionsOptions) {
    this.#options = options;
    this.watch = new SessionWatch({
      ...{ db: options.db, clock: options.clock, open: this.#open, held: this.#held },
      changed: (session, seen) => this.#tell(session, seen),
      contested: (session, { agentId, sessionId, instance }) => {
        if (this.#held.get(agentId) === session) this.#held.delete(agentId);
        void this.#replace(session, { id: sessionId ?? '', instance });
      },
    });
    this.duties = new SessionDuties({ ...options, open: this.#open });
    this.#context = {
      ...options,
      greetings: createGreetings(options),
      leave: (session) =>
        leaveForGood(session, {
          ...{ leave: options.leave, clock: options.clock, withinMs: options.limits.leaveMs },
          atWork: () => this.#held.get(session.peer.agentId),
          suspect: (other) => this.#suspect(other, session),
        }),
      opened: (session, elsewhere) => this.#opened(session, elsewhere),
      ended: (session) => this.#ended(session),
      changed: (agentId) => this.changed(agentId),
      unsendable: (agent, { jobId, attempt }, code) => {
        const reason = 'The assignment cannot be sent to an agent: it is too large or malformed.';
        options.runs
          .refused(agent, jobId, attempt, code, reason)
          .catch((error: unknown) => options.log.error('an unsendable assignment stays', { jobId, attempt, error }));
      },
    };
  }

  /** Sessions now open here. */
  get size(): number {
    return this.#open.size;
  }

  /** Sockets of one agent, to bound how many it may have at once. */
  countOf(peer: AdmittedPeer): number {
    return this.#sockets.get(peer.agentId) ?? 0;
  }

  async start(): Promise<void> {
    const { log, db } = this.#options;
    await this.watch.look();
    const watching = startLoop({ name: 'tunnel watch', intervalMs: WATCH_MS, log, run: () => this.watch.look() });
    const writing = startLoop({ name: 'tunnel ends', intervalMs: ENDS_MS, log, run: () => this.#writeEnds() });
    const ticking = startLoop({ name: 'tunnel times', intervalMs: TICK_MS, log, run: async () => this.#tick() });
    this.#loops.push(watching, writing, ticking);
    this.duties.start();
    const wake = () => watching.wake();
    for (const channel of [CHANNEL, TRUST_CHANNEL]) {
      this.#subscriptions.push(await db.listen(channel, wake, { onConnected: wake }));
    }
  }

  /** Sends every agent away, waits for them a bounded time, and puts the ends on record. */
  async stop(): Promise<void> {
    await this.duties.stop();
    await this.leave();
    const written = async (): Promise<void> => {
      await Promise.all(this.#subscriptions.map((subscription) => subscription.close()));
      await Promise.all(this.#loops.map((loop) => loop.stop()));
      await this.#writeEnds();
    };
    // Without a database the ends stay unwritten: the gateway's heartbeat, which stops too, bounds the leases then.
    await atMost(STOP_MS, 'tunnel ends', written(), this.#options.log);
  }

  /** Takes an admitted socket over. Never throws: it is called out of Nest's event stream. */
  begin(socket: WebSocket, peer: AdmittedPeer): void {
    const session = new TunnelSession(this.#options.ids.next(), socket, peer, this.#context);
    this.#open.add(session);
    this.#sockets.set(peer.agentId, this.countOf(peer) + 1);
    this.watch.entered(session);
    session.start();
  }

  /** An agent's row changed: whoever holds its tunnel, here or elsewhere, looks at once. */
  changed(agentId: string): void {
    this.#options.db.notify(CHANNEL, agentId);
    this.#loops[0]?.wake();
  }

  /** Ends every session at once: this gateway was taken for dead, and its agents may be elsewhere. */
  dropAll(): void {
    for (const session of [...this.#open]) session.close(CLOSE.goingAway, 'this gateway was taken for dead');
  }

  /** Asks every agent to go and waits until they did, or `LEAVE_MS`. */
  async leave(): Promise<void> {
    if (this.#open.size === 0) return;
    const gone = new Promise<void>((resolve) => (this.#emptied = resolve));
    for (const session of [...this.#open]) {
      this.#options.dispatcher.update(session.peer.agentId, { active: false });
      session.goAway(LEAVE_MS, 'the control plane restarts');
    }
    if (this.#open.size > 0) {
      const late = setTimeout(() => {
        for (const session of [...this.#open]) session.close(CLOSE.goingAway, 'the control plane stops');
      }, LEAVE_MS);
      await gone;
      clearTimeout(late);
    }
  }

  #tick(): void {
    const { clock } = this.#options;
    const [monotonicMs, epochMs] = [clock.monotonicMs(), clock.now().getTime()];
    for (const session of this.#open) session.tick(monotonicMs, epochMs);
  }

  #opened(session: Session, elsewhere: boolean): void {
    if (session.state === 'closed') return;
    const { agentId } = session.peer;
    const older = this.#held.get(agentId);
    this.#held.set(agentId, session);
    this.watch.began(session);
    if (older !== undefined && older !== session) void this.#replace(older, session);
    // A session of another replica is found by its watch.
    if (elsewhere) this.#options.db.notify(CHANNEL, agentId);
  }

  #ended(session: Session): void {
    const { agentId } = session.peer;
    this.#open.delete(session);
    this.#left(session.peer);
    this.#options.dispatcher.disconnect(agentId, session.id);
    if (this.#held.get(agentId) === session) this.#held.delete(agentId);
    if (session.greeted) this.#closing.add(session);
    this.#loops[1]?.wake();
    if (this.#open.size === 0) this.#emptied?.();
  }

  #left(peer: AdmittedPeer): void {
    const others = this.countOf(peer) - 1;
    if (others > 0) this.#sockets.set(peer.agentId, others);
    else this.#sockets.delete(peer.agentId);
  }

  /**
   * `older` is over, since `newer` has the agent's row. Of the same process it just ends. Of another one it is asked
   * whether it lives: `newer` has answered a ping after both existed, so two processes hold one identity if it does too.
   */
  async #replace(older: Session, newer: { readonly id: string; readonly instance: string | null }): Promise<void> {
    if (older.instance !== newer.instance) {
      older.mute();
      this.#options.dispatcher.disconnect(older.peer.agentId, older.id);
      if (await older.answersNow()) {
        await this.#suspect(older, newer);
        return;
      }
    }
    older.close(CLOSE.replaced, 'a newer session took over');
  }

  async #suspect(older: Session, newer: { readonly id: string; readonly instance: string | null }): Promise<void> {
    const { tenant, agentId } = older.peer;
    const two = {
      older: { session: older.id, instance: older.instance },
      newer: { session: newer.id, instance: newer.instance },
    };
    try {
      await this.#options.secondHolders.suspected({ tenant, agentId, ...two });
    } catch (error) {
      // Not on record: the next greeting of either finds out again.
      this.#options.log.error('a second holder could not be put on record', { tenant, agentId, error });
    }
    older.close(CLOSE.locked, 'the agent is suspect');
  }

  /** Tells the dispatcher what was changed about the agent, by people or by itself: the only place that labels come from. */
  #tell(session: Session, { agentId, state, site, grants, capabilities }: Seen): void {
    if (session.state !== 'live') return;
    const now = JSON.stringify([state, site, grants, capabilities]);
    const before = this.#told.get(session);
    this.#told.set(session, now);
    if (before === now) return;
    session.stands(state);
    const labels = new Set([...capabilities, ...grants]);
    this.#options.dispatcher.update(agentId, { active: mayWork(state), site, labels });
  }

  async #writeEnds(): Promise<void> {
    while (this.#closing.size > 0) {
      const ended = [...this.#closing].slice(0, ENDS);
      // The `hello` of one may still be under way, and its row not committed yet.
      await Promise.all(ended.map((session) => session.settled()));
      await this.#write(ended);
      for (const session of ended) this.#closing.delete(session);
    }
  }

  async #write(ended: readonly Session[]): Promise<void> {
    const { db, clock, live } = this.#options;
    const ends = ended.map((session) => ({
      ...session.peer,
      sessionId: session.id,
      leaseMs: session.remainingLeaseMs(),
    }));
    await db.transaction(async (tx) => {
      const away = (await sessions.close(tx, ends)).map((agent) => ({ ...agent, connected: false }));
      await announceAgents(tx, away, clock.now());
    });
    live.wake();
  }
}
