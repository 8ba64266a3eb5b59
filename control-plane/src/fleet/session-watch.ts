/**
 * The watch over live sessions: what is on record now ends them, without anybody telling this replica.
 *
 * Invariants: a lock, a revocation, a retired CA, a change of the agent or a newer session elsewhere is acted upon at the
 * first look after its COMMIT; a look that failed is made again from where the last one ended. A look at rest costs one
 * small query, however many sessions are held.
 */
import { CLOSE } from '@casare/shared/protocol';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { loadRefusals, type AdmittedPeer, type Refusals } from '../trust/index.ts';
import type { Session } from './session-context.ts';
import { endingByTrust, endingOf, isContested } from './session-standing.decision.ts';
import { lookAfter, NOTHING_SEEN, wentBack, type Look, type Seen } from './session-watch.store.ts';

export interface SessionWatchOptions {
  readonly db: Database;
  readonly clock: Clock;
  /** Every open session, also before `hello`. */
  readonly open: ReadonlySet<Session>;
  /** The session of each agent whose row was opened. */
  readonly held: ReadonlyMap<string, Session>;
  /** Something about the agent of a session changed that does not end it. */
  readonly changed: (session: Session, seen: Seen) => void;
  /** Another process of the agent took over, here or elsewhere. */
  readonly contested: (session: Session, seen: Seen) => void;
}

/** Older than this, what is locked is not known: nobody new is let in, milliseconds. */
export const STALE_MS = 30_000;
export class SessionWatch {
  readonly #options: SessionWatchOptions;
  /** Agents to be looked at whether they changed or not: their sessions began after the look before. */
  readonly #fresh = new Set<AdmittedPeer>();
  /** Sessions that were not judged by what trust refuses. */
  readonly #entered = new Set<Session>();
  /** What the last look saw; null before the first one, which is at nobody. */
  #since: string | null = null;
  #refusals: (Refusals & { readonly rev: number }) | null = null;
  /** When the last look that succeeded was asked for, on the monotonic clock. */
  #askedAt = -Infinity;

  constructor(options: SessionWatchOptions) {
    this.#options = options;
  }

  /** How old what it knows is, milliseconds. */
  get ageMs(): number {
    return this.#options.clock.monotonicMs() - this.#askedAt;
  }

  get isStale(): boolean {
    return this.ageMs > STALE_MS;
  }

  /** A session is open that trust may have begun to refuse while it came in. */
  entered(session: Session): void {
    this.#entered.add(session);
  }

  /** A session's row was opened: its agent is among the next look. */
  began(session: Session): void {
    this.#fresh.add(session.peer);
  }

  /** One turn. */
  async look(): Promise<void> {
    const askedAt = this.#options.clock.monotonicMs();
    const fresh = [...this.#fresh];
    const seen = await this.#see(fresh);
    this.#since = seen.snapshot;
    for (const peer of fresh) this.#fresh.delete(peer);
    this.#judge(seen);
    this.#askedAt = askedAt;
  }

  async #see(fresh: readonly AdmittedPeer[]): Promise<Look> {
    const { db } = this.#options;
    let seen = await lookAfter(db, this.#since, fresh);
    // The database went back to an earlier time, from a backup: everything is looked at.
    if (this.#since !== null && wentBack(this.#since, seen.snapshot)) seen = await lookAfter(db, NOTHING_SEEN, fresh);
    const { rev } = seen;
    if (this.#refusals?.rev === rev) return seen;
    this.#refusals = { ...(await loadRefusals(db)), rev };
    // What it refuses now, it may refuse to any.
    for (const session of this.#options.open) this.#entered.add(session);
    return seen;
  }

  #judge({ agents }: Look): void {
    const { held, changed, contested } = this.#options;
    const entered = [...this.#entered];
    this.#entered.clear();
    for (const session of entered) {
      const ending = endingByTrust(session.peer, this.#refusals!);
      if (ending !== null) session.close(ending.code, ending.reason);
    }
    for (const seen of agents) {
      const session = held.get(seen.agentId);
      // One that began while this look was under way is not judged by what was before: it is among the next look.
      if (session === undefined || session.state === 'closed' || this.#fresh.has(session.peer)) continue;
      const ending = endingOf(session.id, seen);
      if (ending === null) changed(session, seen);
      else if (ending.code === CLOSE.replaced && isContested(session, seen)) contested(session, seen);
      else session.close(ending.code, ending.reason);
    }
  }
}
