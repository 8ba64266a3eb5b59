/**
 * What the tunnel gateway calls on behalf of a connected agent. The tenant and the agent always come from the verified
 * certificate (invariant 4); whatever an agent claims about a job is checked against its lease.
 */
import { LEASE_MARGIN_MS, type HeldRun, type JobAssign, type RunEvent, type Welcomed } from '@casare/shared/protocol';
import type { LiveService } from '../live/index.ts';
import { gather } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import { Fault } from '../platform/errors.ts';
import { isRefusal } from '../platform/refusal.ts';
import { Acceptances } from './acceptances.ts';
import { buildAssignment, secretsOf, type Assigned, type AssignmentDependencies } from './assignment.ts';
import type { Dispatcher } from './dispatcher.ts';
import { EventBatcher, type Recorded } from './event-batcher.ts';
import { stopped } from './fence.store.ts';
import * as leases from './lease.store.ts';
import { wishOf } from './pause.decision.ts';
import { recordBatch } from './record.ts';
import { settleRestored } from './restore.ts';
import { settleLost, settleRefused, settleReturned, type SettleDependencies } from './settle.ts';

/** A connected agent, as its certificate says. */
export interface AgentRef {
  readonly tenant: string;
  readonly agentId: string;
}

/** What `welcome` answers, and what is assigned right after it. */
export interface Reconciled {
  readonly runs: Welcomed[];
  readonly leases: readonly leases.Lease[];
  readonly assignments: readonly JobAssign[];
}

export interface RunsDependencies extends AssignmentDependencies, SettleDependencies {
  readonly live: LiveService;
  readonly log: Log;
  /** Spreads retries; `Math.random` when absent. */
  readonly random?: () => number;
  /** How much longer than a lease the server waits, milliseconds; the protocol's when absent. */
  readonly times?: { readonly marginMs: number };
}

/** What an agent says in `hello` beside its runs. */
export interface Greeted {
  /** How long ago its leases ended, milliseconds; undefined: it does not say. */
  readonly unleasedMs?: number | undefined;
}

/** Agents that greet at the same time are looked up in one statement. */
const TOGETHER = { most: 100, runs: 2, apartMs: 20, keyOf: ({ agentId }: AgentRef) => agentId };

export class RunsService {
  readonly #deps: RunsDependencies;
  readonly #batcher: EventBatcher;
  readonly #acceptances: Acceptances;
  readonly #leasesOf: (agent: AgentRef) => Promise<leases.Lease[]>;
  /** Set once by the wiring: the dispatcher builds assignments through this service and is told of free slots by it. */
  dispatcher: Dispatcher | null = null;
  /** Set once by the wiring: a job of the waiting room may be ready now. */
  onEnded: () => void = () => {};

  constructor(dependencies: RunsDependencies) {
    this.#deps = dependencies;
    this.#leasesOf = gather({ run: (agents) => leases.listLeases(dependencies.db, agents), ...TOGETHER });
    this.#acceptances = new Acceptances({
      write: (accepted) => leases.accept(dependencies.db, accepted),
      onRetry: (error) => dependencies.log.warn('acceptances could not be written yet', { error }),
    });
    this.#batcher = new EventBatcher((messages) => this.#write(messages));
  }

  /** Compares what the agent holds with its leases: verdicts for its runs, and assignments it has never received. */
  async reconcile(agent: AgentRef, held: readonly HeldRun[], greeted: Greeted = {}): Promise<Reconciled> {
    await this.#acceptances.flush();
    const standing = await this.#restored(agent, await this.#leasesOf(agent), held, greeted);
    const all = await this.#returned(agent, standing, held);
    const byJob = new Map(all.map((lease) => [lease.jobId, lease]));
    const runs: Welcomed[] = [];
    for (const run of held) {
      const lease = byJob.get(run.jobId);
      if (lease?.attempt === run.attempt) runs.push(await this.#continued(lease));
      else runs.push({ ...keyOf(run), verdict: 'fenced', ackedSeq: 0, secrets: {}, cancelling: false });
    }
    const known = new Set(runs.filter((run) => run.verdict === 'continue').map((run) => run.jobId));
    const assignments: JobAssign[] = [];
    const kept: leases.Lease[] = [];
    for (const lease of all) {
      if (known.has(lease.jobId)) kept.push(lease);
      else if (lease.accepted) await this.#lostRecords(lease);
      else {
        const assigned = await this.#assigned(lease);
        if (assigned === null) kept.push(lease);
        else if (assigned.ok) {
          assignments.push(assigned.message);
          kept.push(lease);
        } else await this.refused(agent, lease.jobId, lease.attempt, assigned.code, assigned.reason);
      }
    }
    return { runs, leases: kept, assignments };
  }

  /** The assignment is on the agent's disk: on record soon, or with the run's first events. */
  accepted(agent: AgentRef, jobId: string, attempt: number): Promise<void> {
    return this.#acceptances.add({ ...agent, jobId, attempt });
  }

  /** The agent will not run it. */
  async refused(agent: AgentRef, jobId: string, attempt: number, code: string, reason: string): Promise<void> {
    const key = { tenant: agent.tenant, jobId, attempt };
    if (!(await settleRefused(this.#deps, key, agent.agentId, { code, reason }))) return;
    this.#deps.live.wake();
    this.dispatcher?.failed(agent.agentId);
    this.dispatcher?.released(agent.agentId, key);
    this.dispatcher?.wake();
  }

  /** Nothing of a fenced attempt runs any more: its job may start anew. */
  async stopped(agent: AgentRef, jobId: string, attempt: number): Promise<void> {
    if (await stopped(this.#deps.db, { ...agent, jobId, attempt })) this.onEnded();
  }

  /** Records events; answered only after COMMIT. */
  record(agent: AgentRef, jobId: string, attempt: number, events: readonly RunEvent[]): Promise<Recorded> {
    this.#acceptances.superseded({ ...agent, jobId, attempt });
    return this.#batcher.add({ ...agent, jobId, attempt, events });
  }

  /** Resolves when everything given to `record` and `accepted` so far is written. */
  async drain(): Promise<void> {
    await this.#batcher.drain();
    await this.#acceptances.flush();
  }

  async #write(messages: Parameters<typeof recordBatch>[1]): Promise<Recorded[]> {
    const { answers, ended } = await recordBatch(
      this.#deps.db,
      messages,
      this.#deps.clock.now(),
      this.#deps.random ?? Math.random,
    );
    this.#deps.live.wake();
    for (const attempt of ended) {
      if (attempt.failed) this.dispatcher?.failed(attempt.agentId);
      this.dispatcher?.released(attempt.agentId, attempt);
    }
    // Somebody may wait for its key, or it for another try itself.
    if (ended.some(({ keyed, failed }) => keyed || failed)) this.onEnded();
    return answers;
  }

  /** Attempts that were out when the backup was made from which the record was restored: some may not go on. */
  async #restored(
    agent: AgentRef,
    all: readonly leases.Lease[],
    held: readonly HeldRun[],
    greeted: Greeted,
  ): Promise<leases.Lease[]> {
    const kept: leases.Lease[] = [];
    const marginMs = this.#deps.times?.marginMs ?? LEASE_MARGIN_MS;
    const unleasedMs = greeted.unleasedMs ?? null;
    for (const lease of all) {
      const run = held.find(({ jobId, attempt }) => jobId === lease.jobId && attempt === lease.attempt);
      if (run && !lease.restored && (run.ackedSeq ?? 0) > lease.ackedSeq) this.#wentBack(lease);
      // One that its agent does not know any more is lost, as without a restore.
      const goesOn =
        !run || !lease.restored || (await settleRestored(this.#deps, lease, agent.agentId, { unleasedMs, marginMs }));
      if (goesOn) kept.push(lease);
    }
    if (kept.length < all.length) this.#deps.live.wake();
    return kept;
  }

  /** Nothing is lost by it: the agent sends again. But of other jobs nobody knows what happened. */
  #wentBack({ jobId, attempt }: leases.Lease): void {
    const text =
      'RECORD_WENT_BACK: an agent was told that more is on record than there is. If the database was restored';
    this.#deps.log.error(`${text}, stop every replica and run \`casare restored\`.`, { jobId, attempt });
  }

  /** Jobs that waited for a person because this agent was silent go on; a lease that a person took meanwhile is gone. */
  async #returned(agent: AgentRef, all: leases.Lease[], held: readonly HeldRun[]): Promise<leases.Lease[]> {
    const kept: leases.Lease[] = [];
    for (const lease of all) {
      // One whose records are lost cannot go on, and a person stays asked.
      const knows = held.some((run) => run.jobId === lease.jobId && run.attempt === lease.attempt);
      const waits = lease.state === 'needs_review' && (knows || !lease.accepted);
      if (!waits || (await settleReturned(this.#deps, lease, agent.agentId))) kept.push(lease);
    }
    if (all.some((lease) => lease.state === 'needs_review')) this.#deps.live.wake();
    return kept;
  }

  async #continued(lease: leases.Lease): Promise<Welcomed> {
    const pause = wishOf(lease);
    return {
      ...keyOf(lease),
      verdict: 'continue',
      ackedSeq: lease.ackedSeq,
      ...(await this.#secrets(lease)),
      cancelling: lease.cancelling,
      ...(pause === null ? {} : { pause }),
    };
  }

  /** Null while its secrets cannot be opened: the lease stands unaccepted, and the sweep assigns it. */
  async #assigned(lease: leases.Lease): Promise<Assigned | null> {
    try {
      return await buildAssignment(this.#deps, lease);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#deps.log.warn('assignment not built', { jobId: lease.jobId, attempt: lease.attempt, error });
      return null;
    }
  }

  async #secrets(
    lease: leases.Lease,
  ): Promise<Pick<Welcomed, 'secrets' | 'secretRules' | 'sealedSecrets' | 'localSecrets'>> {
    const job = await this.#deps.assignmentOf(lease);
    const workflow = job && (await this.#deps.workflows.resolve(lease.tenant, job.workflowId));
    if (!workflow || isRefusal(workflow)) return { secrets: {} };
    const use = { ...lease, requestedBy: job.requestedBy };
    const secrets = await secretsOf(this.#deps.secrets, use, workflow).catch((error: unknown) => {
      this.#deps.log.warn('secrets not given again', { jobId: lease.jobId, error });
      return { ok: false } as const;
    });
    // A run that begins anew without them would go on with nothing in their places: the agent ends it, and names them.
    return secrets.ok ? secrets.given : { secrets: {}, localSecrets: [...workflow.analysis.secrets] };
  }

  /** The agent accepted this run and no longer knows it (its data is gone): nobody can finish the attempt. */
  async #lostRecords(lease: leases.Lease): Promise<void> {
    const stillLost = () => Promise.resolve(true);
    const settled = await settleLost(this.#deps, { ...lease, silentMs: 0, recordsLost: true, stillLost });
    this.#deps.log.warn('an agent came back without the records of a run', { jobId: lease.jobId, ...settled });
    this.#deps.live.wake();
    this.dispatcher?.wake();
  }
}

function keyOf({ jobId, attempt }: { jobId: string; attempt: number }): { jobId: string; attempt: number } {
  return { jobId, attempt };
}
