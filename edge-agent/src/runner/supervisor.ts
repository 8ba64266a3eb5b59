/**
 * Supervises the runs of this agent: takes assignments, keeps slots, obeys the control plane's verdicts, and hands
 * the outbox's unfinished runs to workers again after a restart.
 *
 * Invariants
 * - An assignment is in the outbox, flushed, before it is accepted.
 * - No run has more than one worker, also of those that an earlier agent started; no slot kind has more runs than slots.
 * - A fenced attempt loses its worker first and its records after.
 */
import {
  type AgentMessage,
  LEASE_MARGIN_MS,
  type PauseWish,
  type RunEventBody,
  type Slots,
} from '@casare/shared/protocol';
import type { RunAudit } from '../audit/index.ts';
import type { Clock, Instant } from '../clock.ts';
import { describe, Fault } from '../fault.ts';
import { type Outbox, type RunKey, type RunRow, StoredAssignment } from '../outbox/index.ts';
import type { GivenSecrets, SecretSource } from '../secrets/index.ts';
import type { Greeting, Message, TunnelPort, Verdict } from '../tunnel/index.ts';
import { Admission, type AdmissionOptions, type Refusal } from './admission.ts';
import type { ArtifactIntake } from './artifact-intake.ts';
import { endingOfBroken, endingOfCancelled } from './ending.decision.ts';
import { holdsLease, type Lease, NO_LEASE, renewedLease } from './lease.decision.ts';
import { Leftovers } from './leftovers.ts';
import type { RunFolders } from './run-folders.ts';
import { Run } from './run.ts';
import { Settlement } from './settlement.ts';
import type { WorkerSource } from './worker-pool.ts';

/** How long a cancelled run may take when the order arrived with `welcome`, milliseconds. */
const WELCOME_GRACE_MS = 10_000;

export interface SupervisorOptions extends AdmissionOptions {
  readonly outbox: Outbox;
  readonly pool: Pick<WorkerSource, 'take' | 'clear'>;
  readonly intake: ArtifactIntake;
  readonly folders: RunFolders;
  readonly audit?: RunAudit;
  /** Where values of secrets come from, beside those that are given. */
  readonly secretSources?: readonly SecretSource[] | undefined;
  readonly clock: Clock;
  readonly slots: () => Slots;
  readonly freeBytes: () => number;
  /** No new job below this. */
  readonly minFreeBytes: number;
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
  readonly tunnel: {
    send(message: AgentMessage): void;
    wake(key: RunKey): void;
    forget(key: RunKey): void;
  };
}

type Handled = Omit<TunnelPort, 'greeting' | 'changed' | 'stayed' | 'trust'>;

export class Supervisor implements Handled {
  readonly #options: SupervisorOptions;
  readonly #settlement: Settlement;
  readonly #admission: Admission;
  readonly #leftovers: Leftovers;
  readonly #active = new Map<string, Run>();
  /** Of the active runs those whose end the control plane waits for. */
  readonly #toConfirm = new Set<string>();
  #greeted: readonly RunRow[] = [];
  #lease: Lease = NO_LEASE;
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#admission = new Admission(options);
    const { outbox, tunnel } = options;
    this.#leftovers = new Leftovers(outbox, options.pool);
    this.#settlement = new Settlement({
      outbox,
      wake: (key) => tunnel.wake(key),
      forgotten: (key) => this.#forgotten(key),
    });
  }

  /** Before the first dial: ends and removes what an earlier agent left behind, goes on settling what had ended. */
  recover(): void {
    const { outbox, intake, folders } = this.#options;
    intake.sweep();
    folders.closeAll();
    for (const run of outbox.runs()) {
      if (run.worker !== null) this.#leftovers.clear(run, run.worker);
      this.#settlement.consider(run);
    }
  }

  /** What `hello` reports: every attempt that is here, with what the control plane said that it has of it. */
  heldRuns(): Greeting['runs'] {
    const held = this.#options.outbox.runs();
    this.#greeted = held;
    return held.map(({ jobId, attempt, lastSeq, phase, ackedSeq }) => ({ jobId, attempt, lastSeq, phase, ackedSeq }));
  }

  /** How long ago the leases ended, milliseconds; undefined when there never was one. On both clocks, the longer. */
  unleasedMs(): number | undefined {
    const { clock, outbox } = this.#options;
    const now = clock.now();
    const { mono, wall } = this.#lease;
    if (Number.isFinite(mono)) return Math.max(0, Math.round(now.wall - wall), Math.round(now.mono - mono));
    const until = outbox.leaseUntil();
    return until === null ? undefined : Math.max(0, Math.round(now.wall - until));
  }

  /** Runs with a worker, for `status`. */
  activeRuns(): readonly StoredAssignment[] {
    return [...this.#active.values()].map((run) => run.assignment);
  }

  /** True while steps that must not be repeated may start. */
  leased(): boolean {
    return holdsLease(this.#lease, this.#options.clock.now(), LEASE_MARGIN_MS);
  }

  welcomed(verdicts: readonly Verdict[]): void {
    const given = new Map(verdicts.map((verdict) => [idOf(verdict), verdict]));
    for (const key of this.#greeted) {
      const verdict = given.get(idOf(key));
      if (verdict?.verdict === 'continue') this.#goOn(verdict);
      else if (isSettled(key)) continue;
      else this.#drop(key, verdict === undefined ? 'the control plane does not know this run' : 'fenced');
    }
    this.#greeted = [];
    this.#settlement.connected(true);
  }

  /** The session is over: runs go on inside their lease. */
  disconnected(): void {
    this.#settlement.connected(false);
  }

  assigned(message: Message<'job.assign'>): void {
    const { outbox, tunnel } = this.#options;
    const key = { jobId: message.jobId, attempt: message.attempt };
    const known = outbox.run(key);
    if (known === null) {
      this.#dropOlder(key);
      const refusal = this.#admission.earlier(idOf(key)) ?? this.#refusal(message);
      if (refusal !== null) {
        this.#admission.remember(idOf(key), refusal);
        this.#options.audit?.refused(message, refusal);
        tunnel.send({ type: 'job.refused', ...key, ...refusal });
        return;
      }
    }
    tunnel.send({ type: 'job.accepted', ...key });
    if (known?.ending !== null && known !== null) return;
    if (!this.#active.has(idOf(key))) this.#start(outbox.assignment(key), message);
  }

  cancelled(message: Message<'job.cancel'>): void {
    this.#cancel(message, message.reason, message.graceMs);
  }

  paused(message: Message<'job.pause' | 'job.resume'>): void {
    const { jobId, word, type } = message;
    this.#options.log('info', `job ${jobId}: ${type === 'job.pause' ? 'paused' : 'goes on'}`);
    this.#pause(this.#active.get(idOf(message)), { word, paused: type === 'job.pause' });
  }

  fenced(message: Message<'run.fenced'>): void {
    this.#drop(message, message.reason);
    if (message.confirm !== true) return;
    if (this.#active.has(idOf(message))) this.#toConfirm.add(idOf(message));
    else this.#confirm(message);
  }

  acknowledged(key: RunKey, seq: number): void {
    this.#options.outbox.acknowledge(key, seq);
    this.#active.get(idOf(key))?.reconsider();
    this.#settlement.consider(key);
  }

  stored(artifactId: string): void {
    this.#settleArtifact(artifactId, 'stored', null);
  }

  refused(artifactId: string, code: string, reason: string): void {
    this.#options.log('warn', `artifact ${artifactId} was refused: ${code}: ${reason}`);
    this.#settleArtifact(artifactId, 'refused', code);
  }

  renewed(sentAt: Instant, leaseMs: number): void {
    this.#lease = renewedLease(sentAt, leaseMs);
    this.#options.outbox.noteLease(this.#lease.wall);
    for (const run of this.#active.values()) run.reconsider();
  }

  /** This agent may not act any more (it was locked): kills every worker; the records stay. */
  halt(): void {
    this.#lease = NO_LEASE;
    for (const run of this.#active.values()) void run.stop(true);
  }

  /** Ends every worker; unfinished runs go on at the next start. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#settlement.stop();
    await Promise.all([...this.#active.values()].map((run) => run.stop()));
  }

  #refusal(message: Message<'job.assign'>): Refusal | null {
    const { outbox, slots, freeBytes, minFreeBytes } = this.#options;
    if (this.#stopping) return { code: 'AGENT_STOPPING', reason: 'the agent is stopping' };
    const busy = [...this.#active.values()].filter((run) => run.busy && run.slot === message.slot).length;
    if (busy >= slots()[message.slot]) {
      return { code: 'AGENT_NO_SLOT', reason: `all ${slots()[message.slot]} ${message.slot} slots are taken` };
    }
    if (freeBytes() < minFreeBytes) {
      return {
        code: 'DISK_FULL',
        reason: `the agent's disk has less than ${minFreeBytes} bytes free: free space there`,
      };
    }
    const refused = this.#admission.ofNew(message, message);
    if (refused !== null) return refused;
    try {
      outbox.accept(StoredAssignment.parse(message));
      this.#options.audit?.accepted(message);
      return null;
    } catch (error) {
      return { code: error instanceof Fault ? error.code : 'OUTBOX_FAILED', reason: describe(error) };
    }
  }

  #goOn(verdict: Verdict): void {
    const { outbox } = this.#options;
    const run = outbox.run(verdict);
    if (run === null) return;
    this.#settlement.consider(verdict);
    if (run.ending !== null) return;
    if (verdict.cancelling) {
      this.#cancel(verdict, 'cancelled by the control plane', WELCOME_GRACE_MS);
      return;
    }
    const active = this.#active.get(idOf(verdict));
    if (verdict.pause !== undefined) this.#pause(active, verdict.pause);
    if (active !== undefined || this.#stopping) return;
    const assignment = outbox.assignment(verdict);
    const refused = this.#admission.ofHeld(assignment, verdict);
    if (refused === null) this.#start(assignment, verdict, verdict.pause);
    else this.#conclude(verdict, endingOfBroken(outbox.journal(verdict), refused.code, refused.reason));
  }

  #start(assignment: StoredAssignment, secrets: GivenSecrets, pause?: PauseWish): void {
    const { outbox, log } = this.#options;
    const { jobId, attempt, workflow } = assignment;
    const cleared = this.#leftovers.of(jobId);
    if (cleared !== null) {
      log('info', `job ${jobId}: waits until nothing of an earlier worker is left`);
      void cleared.then(() => {
        const isOpen = outbox.run(assignment)?.ending === null && !this.#active.has(idOf(assignment));
        if (isOpen && !this.#stopping) this.#start(assignment, secrets, pause);
      });
      return;
    }
    let run: Run | null = null;
    try {
      run = this.#runOf(assignment, secrets);
      this.#active.set(idOf(run.key), run);
      if (pause !== undefined) this.#pauseAtStart(run, pause);
      log('info', `job ${jobId} (${workflow.name}), attempt ${attempt}: started`);
      run.start();
    } catch (error) {
      log('error', `job ${jobId}, attempt ${attempt}: not started: ${describe(error)}`);
      run?.drop();
      this.#active.delete(idOf(assignment));
      this.#conclude(assignment, endingOfBroken(outbox.journal(assignment), 'RUN_NOT_STARTED', describe(error)));
    }
  }

  #runOf(assignment: StoredAssignment, secrets: GivenSecrets): Run {
    const { outbox, clock, intake, pool, folders, log, tunnel, policy, secretSources } = this.#options;
    const run: Run = new Run(assignment, secrets, {
      ...{ policy: policy.held.policy, outbox, clock, intake, log, secretSources },
      takeWorker: () => pool.take(assignment.slot),
      lease: () => this.#lease,
      runFolder: folders.make(assignment.jobId),
      wake: () => tunnel.wake(run.key),
      ended: () => this.#ended(run),
      gone: () => this.#gone(run),
    });
    return run;
  }

  #pause(run: Run | undefined, wish: PauseWish): void {
    if (run?.pause(wish) === true) this.#options.audit?.paused(run.key, wish.paused);
  }

  /** An earlier agent may have been told the same, and the run stands still since. */
  #pauseAtStart(run: Run, wish: PauseWish): void {
    const said = this.#options.outbox
      .journal(run.key)
      .findLast(({ body }) => /^run\.(?:paused|resumed)$/.test(body.type));
    run.pause(wish);
    if (wish.paused !== (said?.body.type === 'run.paused')) this.#options.audit?.paused(run.key, wish.paused);
  }

  #cancel(key: RunKey, reason: string, graceMs: number): void {
    const { outbox, log } = this.#options;
    const active = this.#active.get(idOf(key));
    log('info', `job ${key.jobId}: cancelled: ${reason}`);
    if (active !== undefined) {
      active.cancel(reason, graceMs);
      return;
    }
    const run = outbox.run(key);
    if (run === null || run.ending !== null) return;
    this.#conclude(key, endingOfCancelled(outbox.journal(key), reason));
  }

  /** The ending of a run without a worker. */
  #conclude(key: RunKey, ending: RunEventBody): void {
    const { outbox, clock, tunnel } = this.#options;
    outbox.append(key, new Date(clock.now().wall), ending);
    this.#options.audit?.ended(key);
    tunnel.wake(key);
    this.#settlement.consider(key);
  }

  #drop(key: RunKey, reason: string): void {
    const { outbox, intake, log, tunnel } = this.#options;
    if (outbox.run(key) === null) return;
    log('warn', `job ${key.jobId}, attempt ${key.attempt}: dropped: ${reason}`);
    this.#options.audit?.dropped(key, reason);
    this.#active.get(idOf(key))?.drop();
    const artifacts = outbox.artifactsOf(key);
    outbox.drop(key);
    tunnel.forget(key);
    for (const artifact of artifacts) void intake.forget(artifact.artifactId);
  }

  /** A new attempt on this agent means that the control plane has given up the older ones. */
  #dropOlder(key: RunKey): void {
    for (const run of this.#options.outbox.runs()) {
      if (run.jobId === key.jobId && run.attempt < key.attempt) this.#drop(run, 'a newer attempt was assigned');
    }
  }

  #settleArtifact(artifactId: string, state: 'stored' | 'refused', code: string | null): void {
    const { outbox, intake } = this.#options;
    const artifact = outbox.artifact(artifactId);
    if (artifact === null || !outbox.settleArtifact(artifactId, state, code)) return;
    void intake.forget(artifactId);
    // A fenced attempt writes nothing more, not even a note.
    if (state === 'refused' && code !== 'FENCED') intake.noteLost(artifact, code ?? 'ARTIFACT_LOST');
    this.#settlement.consider(artifact);
  }

  #confirm({ jobId, attempt }: RunKey): void {
    this.#options.tunnel.send({ type: 'run.stopped', jobId, attempt });
  }

  #ended(run: Run): void {
    const row = this.#options.outbox.run(run.key);
    this.#options.audit?.ended(run.key);
    this.#options.log('info', `job ${run.key.jobId}, attempt ${run.key.attempt}: ${row?.ending ?? 'ended'}`);
    this.#settlement.consider(run.key);
  }

  #gone(run: Run): void {
    if (this.#active.get(idOf(run.key)) === run) this.#active.delete(idOf(run.key));
    const isOver = ![...this.#active.values()].some(({ key }) => key.jobId === run.key.jobId);
    if (isOver) this.#options.folders.close(run.key.jobId);
    if (this.#toConfirm.delete(idOf(run.key))) this.#confirm(run.key);
    this.#prune();
  }

  #forgotten(key: RunKey): void {
    this.#options.tunnel.forget(key);
    this.#prune();
  }

  #prune(): void {
    const held = new Set(this.#options.outbox.runs().map((run) => run.jobId));
    for (const run of this.#active.values()) held.add(run.key.jobId);
    this.#options.folders.prune(held);
  }
}

/** Everything is acknowledged: only its files keep it, and to have no lease any more is what follows from its ending. */
function isSettled(run: RunRow): boolean {
  return run.ending !== null && run.ackedSeq >= run.lastSeq;
}

function idOf(key: RunKey): string {
  return `${key.jobId}/${key.attempt}`;
}
