/**
 * What becomes of a job whose attempt failed: tried again after a pause, or a dead letter that a person looks at. Pure;
 * chance is an argument.
 *
 * Invariant 3: a failure behind which a step that must not be repeated may have acted is never retried by itself,
 * whatever its error says.
 */
import type { DeadReason } from '@casare/shared/api';
import type { WorkflowError } from '@casare/shared/protocol';
import type { JobRetry } from '@casare/shared/workflow';

/** `transient`: another try may succeed. `permanent`: it would fail again. `ambiguous`: a step may have acted. */
export type FailureClass = 'transient' | 'permanent' | 'ambiguous';

/** A policy without gaps. */
type Policy = Readonly<Record<keyof JobRetry, number>>;

const DEFAULTS: Policy = { attempts: 3, backoffMs: 1_000, factor: 2, maxBackoffMs: 300_000, jitter: 0.5 };
/** Without a policy a failure is final, as it was before there were policies. */
const ONCE: Policy = { ...DEFAULTS, attempts: 1 };

/** Nothing that another try would find changed: only a person changes it. Whatever status comes with them. */
const PERMANENT: ReadonlySet<string> = new Set([
  'ARTIFACT_TOO_LARGE',
  'ASSIGNMENT_TOO_LARGE',
  'OUTPUT_TOO_LARGE',
  'RUN_TOO_LARGE',
  'SECRET_MISSING',
  'STEP_UNKNOWN',
  'SUB_WORKFLOW_MISSING',
]);
/** Of the agent or of the moment, whatever status comes with them. */
const TRANSIENT: ReadonlySet<string> = new Set(['AGENT_STOPPED', 'ATTEMPT_TIMEOUT', 'STEP_STOPPED', 'WORKER_CRASHED']);
/** Answers below 500 that ask to come back later: timeout, conflict, locked, too early, too many requests. */
const LATER: ReadonlySet<number> = new Set([408, 409, 423, 425, 429]);

/** Steps whose outcome nobody knows. */
export interface Doubts {
  /** Position of one that must not be repeated. */
  readonly openUnsafe: string | null;
  /** Any at all, those included that say how they may be repeated. */
  readonly inDoubt: boolean;
}

/** What the record says about a step: its start, or its end. */
export interface StepRecord {
  readonly type: string;
  readonly position: string;
  /** Of a start. */
  readonly onRestart: string | null;
  /** Of a failure. */
  readonly certain: boolean | null;
}

/** Folds the records of a generation, oldest first. */
export function doubtsOf(records: readonly StepRecord[]): Doubts {
  const open = new Map<string, string | null>();
  for (const { type, position, onRestart, certain } of records) {
    if (type === 'step.started') open.set(position, onRestart);
    if (type === 'step.completed' || (type === 'step.failed' && certain === true)) open.delete(position);
  }
  const unsafe = [...open].find(([, onRestart]) => onRestart === 'suspend');
  return { openUnsafe: unsafe?.[0] ?? null, inDoubt: open.size > 0 };
}

/** The class of a failure. */
export function classify(error: WorkflowError, doubts: Doubts): FailureClass {
  if (doubts.openUnsafe !== null) return 'ambiguous';
  if (error.code !== undefined && PERMANENT.has(error.code)) return 'permanent';
  const transient = error.code !== undefined && TRANSIENT.has(error.code);
  if (!transient && error.status < 500 && !LATER.has(error.status)) return 'permanent';
  return doubts.inDoubt ? 'ambiguous' : 'transient';
}

/** A failed attempt. */
export interface Failure {
  readonly error: WorkflowError;
  readonly doubts: Doubts;
  readonly policy: JobRetry | null;
  /** Attempts of this generation that failed, this one included; lost leases are counted elsewhere. */
  readonly failures: number;
  /** Milliseconds until its deadline or the end of its time; `null` for neither. */
  readonly leftMs: number | null;
  /** From 0 to below 1. */
  readonly random: number;
}

export type AfterFailure =
  { readonly do: 'retry'; readonly afterMs: number } | { readonly do: 'bury'; readonly reason: DeadReason };

/** Decides. A pause that outlasts the job's time is not begun: the error that is known says more than a deadline. */
export function afterFailure(failure: Failure): AfterFailure {
  const { error, doubts, failures, leftMs } = failure;
  if (doubts.openUnsafe !== null) return { do: 'bury', reason: 'ambiguous' };
  if (classify(error, doubts) === 'permanent') return { do: 'bury', reason: 'permanent' };
  const policy = failure.policy === null ? ONCE : ({ ...DEFAULTS, ...failure.policy } as Policy);
  const afterMs = retryDelay(policy, failures, failure.random);
  if (failures >= policy.attempts || (leftMs !== null && afterMs >= leftMs)) return { do: 'bury', reason: 'exhausted' };
  return { do: 'retry', afterMs };
}

/** Milliseconds before the try that follows failure number `failures` (from 1). */
export function retryDelay(policy: Omit<Policy, 'attempts'>, failures: number, random: number): number {
  const pause = Math.min(policy.backoffMs * policy.factor ** (failures - 1), policy.maxBackoffMs);
  return Math.round(pause * (1 - policy.jitter * random));
}
