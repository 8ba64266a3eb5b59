/**
 * The checker's own view of leases: until when each agent's right to act really lasts, by the one clock that nobody can
 * set, and what steps have done that nobody has recorded. It asks none of the product's decisions.
 *
 * Invariant 3: an agent starts no step that must not be repeated outside its lease; while its lease lasts nothing is taken
 * from it, and what a person or a time limit ends there is over before another attempt of the job is leased, and
 * before a person answers for what it did; an attempt that may have started such a step is never queued again without a person.
 */
import type { EventRow, Tables } from './memory/rows.ts';
import { TENANT } from './setting.ts';

/** An attempt that does something. */
export interface Acting {
  readonly jobId: string;
  readonly attempt: number;
  readonly agentId: string;
}

export interface LeaseWatchOptions {
  readonly tables: Tables;
  readonly now: () => number;
  /** Positions of the steps of a workflow that must not be repeated; whether they wait for an acknowledged start. */
  readonly unsafeOf: (workflowId: string) => { readonly positions: readonly string[]; readonly holds: boolean };
  /** Attempts of the job that have begun at an agent and not ended. */
  readonly underWay: (jobId: string) => readonly { readonly agentId: string; readonly attempt: number }[];
  readonly violated: (what: string) => void;
}

export class LeaseWatch {
  readonly #options: LeaseWatchOptions;
  /** By agent: the end of its lease, in virtual time. */
  readonly #until = new Map<string, number>();
  /** Unsafe acts that no person has answered for, by `job generation`. */
  readonly #acted = new Map<string, Set<string>>();

  constructor(options: LeaseWatchOptions) {
    this.#options = options;
  }

  /** A ping that was sent at `sentAt` was answered: the lease lasts from then. */
  renewed(agentId: string, sentAt: number, leaseMs: number): void {
    this.#until.set(agentId, Math.max(this.#until.get(agentId) ?? 0, sentAt + leaseMs));
  }

  /** The agent's process is gone, and its lease with it. */
  died(agentId: string): void {
    this.#until.delete(agentId);
  }

  /** A step that must not be repeated starts. */
  acts({ jobId, attempt, agentId }: Acting, generation: number, position: string): void {
    const { tables, now, violated } = this.#options;
    const [what, until] = [`${position} of ${jobId}/${attempt}`, this.#until.get(agentId) ?? -1];
    if (now() >= until) {
      violated(`3: ${what} acted ${(now() - until).toFixed(0)} ms after the end of the lease`);
    }
    const lease = tables.job_lease.get(TENANT, jobId);
    const isFenced = tables.job_fence.get(TENANT, jobId, attempt) !== undefined;
    if (lease?.attempt !== attempt && !isFenced) violated(`3: ${what} acted when its lease had been taken away`);
    const key = `${jobId} ${generation}`;
    this.#acted.set(key, (this.#acted.get(key) ?? new Set()).add(position));
  }

  /** A person said that the job may go on, whatever it has done so far: nothing may come after that word. */
  answeredFor(jobId: string, attempt: number, generation: number): void {
    this.#acted.delete(`${jobId} ${generation}`);
    for (const { agentId } of this.#options.underWay(jobId).filter((run) => run.attempt === attempt)) {
      if (this.#options.now() >= (this.#until.get(agentId) ?? -1)) continue;
      this.#options.violated(`3: a person answered for ${jobId}/${attempt} while it may act`);
    }
  }

  /** Another attempt of the job was leased. */
  begins(jobId: string, attempt: number): void {
    for (const earlier of this.#options.underWay(jobId)) {
      if (earlier.attempt >= attempt || this.#options.now() >= (this.#until.get(earlier.agentId) ?? -1)) continue;
      this.#options.violated(`3: ${jobId}/${attempt} was leased while attempt ${earlier.attempt} may act`);
    }
  }

  /** Nobody was asked, and the job of this attempt waits for another one. */
  queuedAgain(jobId: string, attempt: number, generation: number): void {
    const { tables, violated } = this.#options;
    const [job, ended] = [tables.job.get(TENANT, jobId), tables.job_attempt.get(TENANT, jobId, attempt)];
    // A person's retry begins anew, whatever was recorded before it.
    const records = tables.job_event.of(jobId).filter((row) => row.attempt >= (job?.first_attempt ?? 0));
    for (const position of this.#acted.get(`${jobId} ${generation}`) ?? []) {
      if (!isClosed(records, position)) violated(`3: ${jobId} was queued again, and ${position} of it has acted`);
    }
    if (job === undefined || ended?.outcome !== 'lost') return;
    this.#lost(ended.agent_id, `${jobId}/${attempt}`);
    const { positions, holds } = this.#options.unsafeOf(job.workflow_id);
    const mayHaveActed = positions.find((position) =>
      holds ? isOpen(records, position) : !isClosed(records, position),
    );
    if (mayHaveActed !== undefined) violated(`3: ${jobId} was queued again, and ${mayHaveActed} of it may have acted`);
  }

  #lost(agentId: string, what: string): void {
    const until = this.#until.get(agentId) ?? -1;
    if (this.#options.now() < until) {
      this.#options.violated(`3: ${what} was taken from its agent, whose lease lasts`);
    }
  }
}

/** True when the last record of the step says that it is over and how it ended. */
function isClosed(records: readonly EventRow[], position: string): boolean {
  const last = lastOf(records, position);
  return last?.type === 'step.completed' || (last?.type === 'step.failed' && last.certain);
}

/** True when its start is on record, and no certain end. */
function isOpen(records: readonly EventRow[], position: string): boolean {
  return lastOf(records, position) !== undefined && !isClosed(records, position);
}

function lastOf(records: readonly EventRow[], position: string): EventRow['body'] | undefined {
  return records.findLast(({ body }) => 'position' in body && body.position === position)?.body;
}
