/**
 * The agents whose tunnels this replica holds, and which leases each has as far as this replica knows.
 *
 * Invariants: an assignment is sent only while its lease is known here, which ends before the agent is told that the
 * run's ending is committed: an agent never gets a run again that it has just forgotten. A cancel that came before its
 * assignment is repeated after it. What is known here can be wrong for a while (a lost COMMIT, another replica's
 * decision); `recount` puts it right, and the database never leases by it.
 */
import type { JobAssign, JobCancel, ServerMessage, SlotKind, Slots } from '@casare/shared/protocol';
import type { AttemptKey } from './lease.store.ts';
import type { Candidate } from './matching.decision.ts';

/** An agent whose tunnel this replica holds. */
export interface DispatchTarget {
  readonly tenant: string;
  readonly agentId: string;
  readonly sessionId: string;
  readonly site: string | null;
  /** Probed capabilities and grants. */
  readonly labels: ReadonlySet<string>;
  readonly slots: Slots;
  /** False while paused, draining or locked: it finishes what it has and gets nothing new. */
  readonly active: boolean;
  readonly send: (message: ServerMessage) => void;
}

/** What an agent was given. */
export interface KnownLease {
  readonly jobId: string;
  readonly attempt: number;
  readonly slot: SlotKind;
}

interface Given {
  readonly attempt: number;
  readonly slot: SlotKind;
  /** Was asked for on this tunnel. */
  cancel: JobCancel | null;
}

interface Held {
  readonly target: DispatchTarget;
  readonly given: Map<string, Given>;
}

/** Reads the leases of these agents. */
export type ReadLeases = (agentIds: readonly string[]) => Promise<readonly (KnownLease & { agentId: string })[]>;

export class HeldAgents {
  readonly #held = new Map<string, Held>();
  /** Leases that ended while a recount reads; null while none does. */
  #ended: Set<string> | null = null;

  connect(target: DispatchTarget, leases: readonly KnownLease[]): void {
    const given = leases.map(({ jobId, attempt, slot }): [string, Given] => [jobId, { attempt, slot, cancel: null }]);
    this.#held.set(target.agentId, { target, given: new Map(given) });
  }

  update(agentId: string, change: Partial<Pick<DispatchTarget, 'labels' | 'slots' | 'active' | 'site'>>): boolean {
    const held = this.#held.get(agentId);
    if (held) this.#held.set(agentId, { ...held, target: { ...held.target, ...change } });
    return held !== undefined;
  }

  /** A newer session of the same agent stays. */
  disconnect(agentId: string, sessionId: string): void {
    if (this.#held.get(agentId)?.target.sessionId === sessionId) this.#held.delete(agentId);
  }

  /** The agent has this lease now. */
  give(agentId: string, { jobId, attempt, slot }: KnownLease): void {
    this.#held.get(agentId)?.given.set(jobId, { attempt, slot, cancel: null });
  }

  /** The attempt ended; true when that freed a slot here. */
  release(agentId: string, key: Pick<AttemptKey, 'jobId' | 'attempt'>): boolean {
    this.#ended?.add(`${key.jobId} ${key.attempt}`);
    const given = this.#held.get(agentId)?.given;
    return given?.get(key.jobId)?.attempt === key.attempt && given.delete(key.jobId);
  }

  /** Sends the assignment if the agent still has the lease. */
  assign(agentId: string, message: JobAssign): void {
    const held = this.#held.get(agentId);
    const given = held?.given.get(message.jobId);
    if (!held || given?.attempt !== message.attempt) return;
    held.target.send(message);
    if (given.cancel) held.target.send(given.cancel);
  }

  /** Sends the cancel if the tunnel is here; `once`: not if this tunnel carried it already. */
  cancel(agentId: string, message: JobCancel, once = false): void {
    const held = this.#held.get(agentId);
    const given = held?.given.get(message.jobId);
    if (!held || (once && given?.cancel)) return;
    if (given?.attempt === message.attempt) given.cancel = message;
    held.target.send(message);
  }

  /** Sends to the agent if its tunnel is here. */
  send(agentId: string, message: ServerMessage): void {
    this.#held.get(agentId)?.target.send(message);
  }

  targets(): DispatchTarget[] {
    return [...this.#held.values()].map((held) => held.target);
  }

  /** The active agents with their free slots. */
  candidates(): Candidate[] {
    return [...this.#held.values()].filter(({ target }) => target.active).map(candidateOf);
  }

  /** Compares with the leases on record; true when a slot became free. No claim of this replica may be under way. */
  async recount(read: ReadLeases): Promise<boolean> {
    const before = new Map([...this.#held].map(([id, { given }]) => [id, { given, jobs: [...given.keys()] }]));
    if (before.size === 0) return false;
    const ended = (this.#ended = new Set<string>());
    try {
      const byAgent = Map.groupBy(await read([...before.keys()]), (lease) => lease.agentId);
      let freed = false;
      for (const [agentId, { given, jobs }] of before) {
        // An agent that came back meanwhile was given what is on record now.
        if (this.#held.get(agentId)?.given !== given) continue;
        const leases = new Map((byAgent.get(agentId) ?? []).map((lease) => [lease.jobId, lease]));
        for (const jobId of jobs) if (!leases.has(jobId)) freed = given.delete(jobId) || freed;
        for (const { jobId, attempt, slot } of leases.values()) {
          if (given.get(jobId)?.attempt === attempt || ended.has(`${jobId} ${attempt}`)) continue;
          given.set(jobId, { attempt, slot, cancel: null });
        }
      }
      return freed;
    } finally {
      this.#ended = null;
    }
  }
}

function candidateOf({ target, given }: Held): Candidate {
  const { tenant, agentId, site, labels } = target;
  const free = { ...target.slots };
  for (const { slot } of given.values()) free[slot] -= 1;
  return { tenant, agentId, site, labels, free };
}
