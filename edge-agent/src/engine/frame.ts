/**
 * The engine's inner vocabulary: a run, the scope a list of tasks runs in, and the frame of one task while it runs.
 * Task kinds are handlers over frames; they reach each other through `run.tasks` and so know nothing of one another.
 */
import type { OnRestart, RunEventBody, SecretRulesByName, Secrets, RunEvent, StepSeen } from '@casare/shared/protocol';
import type { CallTask, Json, RecordRules, Task, TaskEntry, TaskList, Verify, Workflow } from '@casare/shared/workflow';
import type { ReadyCall, StartFacts } from './call-facts.ts';
import type { Clock } from './clock.ts';
import type { Doubt, WorkflowFault } from './errors.ts';
import type { Expressions, Variables } from './expressions.ts';
import type { PauseGate, PauseSwitch } from './pause.ts';
import type { Recorder } from './recorder.ts';
import type { Journal } from './replay.ts';
import type { SecretVault } from './secrets.ts';
import type { ArtifactAbout, LogLevel, StepPolicy, StepRegistry } from './steps.ts';

/** Everything a run is given. */
export interface RunOptions {
  /** The job's id: what `$workflow.id` is. */
  readonly runId: string;
  /** Validated and normalised by the control plane. */
  readonly document: Workflow;
  readonly input: Json;
  readonly secrets: Secrets;
  /** What each may be used for; one that is not named may be used for everything. */
  readonly secretRules?: SecretRulesByName | undefined;
  /** What earlier attempts recorded, oldest first; empty for a first attempt. */
  readonly journal: readonly RunEvent[];
  /** Names of the files that earlier attempts stored. */
  readonly artifacts?: readonly string[];
  /**
   * Resolves when the agent has the event durably and, for the start of an unsafe step, when the lease allows to act.
   * A rejection ends the engine at once.
   * @param ahead for the start of a step that acts already
   */
  readonly record: (body: RunEventBody, ahead?: boolean) => Promise<void>;
  /** True while a step that no restart reaches may act before its start is answered; never, when absent. */
  readonly mayGoAhead?: () => boolean;
  /** Events of tasks that only steer that may be under way unanswered; 0, the default, waits for each. */
  readonly ahead?: number;
  readonly artifact: (file: string, about: ArtifactAbout & { readonly position: string }) => Promise<void>;
  readonly steps: StepRegistry;
  readonly policy: StepPolicy;
  readonly expressions: Expressions;
  readonly clock: Clock;
  /** Cancels the run; the text of its reason is recorded. */
  readonly signal: AbortSignal;
  /** Pauses the run and takes that back; nobody does when absent. */
  readonly pause?: PauseSwitch;
  readonly runFolder: string;
  /** The worker's own log, besides the run's. */
  readonly log: (level: LogLevel, message: string) => void;
  /** Live things that steps share; whoever passes it closes them after the run. A map of its own when absent. */
  readonly session?: Map<string, unknown>;
  /** How long a step may go on after it was told to stop, milliseconds; 5,000 when absent. */
  readonly graceMs?: number;
  /** A number from 0 (inclusive) to 1 (exclusive), for jitter; `Math.random` when absent. */
  readonly random?: () => number;
  /** What `$runtime.version` is. */
  readonly version?: string;
}

/** Where a list of tasks stands: in the document, and in this run. */
export interface Place {
  readonly path: string;
  readonly position: string;
}

/** What a task or a list of tasks leaves behind. `ended`: a `then: end` was reached, nothing further runs. */
export interface Outcome {
  readonly output: Json;
  readonly ended: boolean;
  /** A barrier was passed that every restart comes to as well (`barrier.ts`). */
  readonly barrier?: boolean;
}

/** What tasks inherit from around them. */
export interface Scope {
  readonly run: Run;
  /** Loop and error variables. */
  readonly variables: Variables;
  readonly signal: AbortSignal;
  readonly onRestart: OnRestart | undefined;
  readonly verify: Verify | undefined;
  /** What the tasks around say of the evidence to keep. */
  readonly evidence: RecordRules;
  readonly depth: number;
  /** Behind a barrier (`barrier.ts`): no restart of the run comes here. */
  readonly covered: boolean;
}

/** Runs tasks; the way handlers reach other tasks. */
export interface TaskRunner {
  list(tasks: TaskList, place: Place, input: Json, scope: Scope): Promise<Outcome>;
  /** One task; `then` is its flow directive, if any. */
  one(entry: TaskEntry, position: string, input: Json, scope: Scope): Promise<Outcome & { readonly then?: string }>;
}

/** A run under way. */
export interface Run {
  readonly options: RunOptions;
  readonly tasks: TaskRunner;
  readonly journal: Journal;
  readonly vault: SecretVault;
  readonly recorder: Recorder;
  readonly pause: PauseGate;
  readonly session: Map<string, unknown>;
  /** Epoch milliseconds; of the first attempt when resumed. */
  readonly startedAt: number;
  /** The job's own document, which holds those of sub-workflows; `options.document` is the one that runs. */
  readonly whole: Workflow;
  /** `$secrets` of the document that runs. */
  readonly secrets: Json;
  /** `$context`: changed by exports only. */
  context: Json;
  /** Calls by their tasks, as far as they were made ready; null for one that must wait for its turn. */
  readonly ready: WeakMap<CallTask, ReadyCall | null>;
  /** Of the whole run, sub-workflows included. */
  readonly budget: {
    /** Tasks entered so far. */
    entered: number;
  };
}

/** The record of one step: started once, ended once. */
export interface StepRecord {
  /** @param covered no restart reaches it */
  started(facts: StartFacts, covered?: boolean): Promise<void>;
  /** For the end's record. */
  see(seen: StepSeen): void;
  completed(output: Json, context?: Json): Promise<void>;
  failed(fault: WorkflowFault, certain: boolean, context?: Json): Promise<void>;
}

/** A task while it runs: its scope, where it is, its transformed input, its record. */
export interface Frame extends Scope, Place {
  readonly name: string;
  readonly task: Task;
  readonly rawInput: Json;
  readonly input: Json;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly record: StepRecord;
}

/** What a handler yields. `settled`: the output is the recorded one of an earlier attempt, already transformed. */
export interface Raw {
  readonly output: Json;
  readonly then?: string | undefined;
  readonly ended?: boolean;
  readonly settled?: boolean;
  /** A call that has acted just now and must not simply be repeated: whatever fails after it leaves it in doubt. */
  readonly acted?: Doubt;
  /** As in an outcome. */
  readonly barrier?: boolean;
}

/** Does what one kind of task does, between input and output transformation. */
export type TaskHandler<Kind extends Task> = (task: Kind, frame: Frame) => Promise<Raw>;
