/**
 * Restart. A resumed run starts its document from the beginning in a fresh worker and reads what earlier attempts
 * recorded. Control flow is computed again; what matters is which calls are NOT made again. For a call at a position:
 *
 * - never recorded, or recorded and never let act because the agent stopped: it runs.
 * - completed with equal arguments, no live session needed: its output is reused. When it stored a file that is not
 *   here (another agent, or a folder that was removed) and its rule is `rerun`, it runs again, so that later steps can read
 *   the file.
 * - completed with equal arguments, but what it worked on was a live session, and those are never restored:
 *   `rerun` reuses an output that is a stored file (a download) here or at the control plane, else runs again; `restartScope` runs
 *   again; `verify` asks the probe; `suspend` hands over to a person.
 * - completed with other arguments (the document's data changed): as if in doubt.
 * - completed, and the policy of the agent that ran it held the output back: `rerun` and `restartScope` run again, the
 *   others hand over to a person.
 * - failed for certain, equal arguments, no session: the same error again, so that control flow takes the same way.
 *   With a session: `rerun`, `restartScope` and reads run again; the others fail again.
 * - started only, or failed without certainty: in doubt. `rerun` and `restartScope` run it, `verify` asks the probe,
 *   `suspend` hands over to a person.
 *
 * After an ending by an error, which only a retry of the job can follow, what ended the run counts as never recorded
 * and time begins anew: see `retried-failure.ts`.
 *
 * A `try` goes on after its last attempt whose failure was recorded, with the `$context` of that moment; attempts
 * before it are not repeated. Exports of reused outputs are computed again, because the context before them may differ.
 */
import { AGENT_STOPPED, type Effect, type OnRestart, type RunEvent, type WorkflowError } from '@casare/shared/protocol';
import type { Json } from '@casare/shared/workflow';
import { failureChain } from './retried-failure.ts';
import type { Handles } from './secrets.ts';

/** What earlier attempts recorded last of one position. */
export type Recorded =
  | { readonly state: 'none' }
  | { readonly state: 'started'; readonly digest: string | undefined }
  | {
      readonly state: 'completed';
      readonly digest: string | undefined;
      readonly output: Json;
      /** The output stayed on the agent that had it. */
      readonly withheld?: boolean;
    }
  | {
      readonly state: 'failed';
      readonly digest: string | undefined;
      readonly certain: boolean;
      readonly error: WorkflowError;
    };

/** A recorded failure of an attempt of a `try`. */
export interface FailedAttempt {
  readonly attempt: number;
  readonly error: WorkflowError;
  readonly context: Json;
}

/** Earlier attempts' events, by position. */
export interface Journal {
  /** True when there is anything to resume. */
  readonly resumed: boolean;
  readonly handles: Handles;
  /** When the run first started, or was first retried, epoch milliseconds; null when it starts now. */
  readonly startedAt: number | null;
  /** The last word about it is that it is paused. */
  readonly paused: boolean;
  at(position: string): Recorded;
  /** When the step at this position was first started, epoch milliseconds. */
  startOf(position: string): number | null;
  /** The last failed attempt of the `try` at this position. */
  lastFailedAttempt(position: string): FailedAttempt | null;
}

/** Folds the events of all earlier attempts, oldest first. */
export function readJournal(events: readonly RunEvent[]): Journal {
  const steps = new Map<string, Recorded>();
  const starts = new Map<string, number>();
  const attempts = new Map<string, FailedAttempt[]>();
  let handles: Handles = {};
  let startedAt: number | null = null;
  let paused = false;
  for (const [index, { at, body }] of events.entries()) {
    startedAt ??= Date.parse(at);
    if (body.type === 'run.failed' || body.type === 'run.timed_out') {
      startedAt = null;
      for (const position of failureChain(events.slice(0, index), body.error)) {
        steps.delete(position);
        starts.delete(position);
        attempts.get(attemptOf(position)?.of ?? '')?.pop();
      }
    }
    if (body.type === 'run.paused' || body.type === 'run.resumed') paused = body.type === 'run.paused';
    if (body.type === 'run.started') handles = { ...body.handles, ...handles };
    if (body.type === 'step.started') {
      steps.set(body.position, { state: 'started', digest: body.inputDigest });
      if (!starts.has(body.position)) starts.set(body.position, Date.parse(at));
    }
    if (body.type === 'step.completed') {
      const digest = digestOf(steps.get(body.position));
      const withheld = body.withheld !== undefined;
      steps.set(body.position, { state: 'completed', digest, output: body.output, withheld });
    }
    if (body.type === 'step.failed') {
      const digest = digestOf(steps.get(body.position));
      steps.set(body.position, { state: 'failed', digest, certain: body.certain, error: body.error });
      const attempt = attemptOf(body.position);
      if (attempt !== null && body.context !== undefined) {
        const failed = { attempt: attempt.number, error: body.error, context: body.context };
        attempts.set(attempt.of, [...(attempts.get(attempt.of) ?? []), failed]);
      }
    }
  }
  return {
    resumed: events.length > 0,
    handles,
    startedAt,
    paused,
    at: (position) => steps.get(position) ?? { state: 'none' },
    startOf: (position) => starts.get(position) ?? null,
    lastFailedAttempt: (position) => attempts.get(position)?.at(-1) ?? null,
  };
}

/** The facts that decide what happens to a call on restart. */
export interface CallFacts {
  readonly recorded: Recorded;
  /** Digest of the arguments as they are now. */
  readonly digest: string;
  readonly effect: Effect;
  readonly rule: OnRestart;
  readonly usesSession: boolean;
  /** The stored files that the recorded output names; see `stored-file.ts`. */
  readonly file: 'none' | 'present' | 'kept' | 'gone';
}

/** What to do with a call. `probe` reuses the recorded output, if any, when the probe says that the step happened. */
export type CallDecision =
  | { readonly do: 'run' }
  | { readonly do: 'reuse'; readonly output: Json }
  | { readonly do: 'fail'; readonly error: WorkflowError }
  | { readonly do: 'probe'; readonly output: Json }
  | { readonly do: 'suspend'; readonly why: string };

/** The rules of this file's head as one pure function. */
export function decideCall(facts: CallFacts): CallDecision {
  const { recorded, digest, rule } = facts;
  switch (recorded.state) {
    case 'none':
      return { do: 'run' };
    case 'started':
      return inDoubt(rule, null, 'it was started and its outcome was not recorded');
    case 'failed':
      if (recorded.certain && recorded.error.code === AGENT_STOPPED) return { do: 'run' };
      return recorded.certain
        ? decideFailed(facts, recorded)
        : inDoubt(
            rule,
            null,
            `it failed (${recorded.error.title ?? recorded.error.type}) and may have acted all the same`,
          );
    case 'completed':
      if (recorded.withheld) return decideWithheld(rule);
      return recorded.digest === digest
        ? decideCompleted(facts, recorded.output)
        : inDoubt(rule, recorded.output, 'it was completed with other arguments than it has now');
  }
}

function decideCompleted({ rule, usesSession, file }: CallFacts, output: Json): CallDecision {
  const fileLost = (file === 'gone' || file === 'kept') && rule === 'rerun';
  if (!usesSession) return fileLost ? { do: 'run' } : { do: 'reuse', output };
  if (rule === 'rerun') return file === 'present' || file === 'kept' ? { do: 'reuse', output } : { do: 'run' };
  return inDoubt(rule, output, 'it was completed, but the live session it worked in is gone');
}

/** It was done, and what it gave is not here: a probe cannot bring that back. */
function decideWithheld(rule: OnRestart): CallDecision {
  if (rule === 'rerun' || rule === 'restartScope') return { do: 'run' };
  return { do: 'suspend', why: 'it was completed, and the policy of the agent that ran it keeps its output there' };
}

function decideFailed(facts: CallFacts, failed: Extract<Recorded, { state: 'failed' }>): CallDecision {
  const again = facts.rule === 'rerun' || facts.rule === 'restartScope' || facts.effect === 'idempotent';
  if (facts.usesSession ? again : failed.digest !== facts.digest) return { do: 'run' };
  return { do: 'fail', error: failed.error };
}

function inDoubt(rule: OnRestart, output: Json, why: string): CallDecision {
  if (rule === 'verify') return { do: 'probe', output };
  return rule === 'suspend' ? { do: 'suspend', why } : { do: 'run' };
}

function digestOf(recorded: Recorded | undefined): string | undefined {
  return recorded === undefined || recorded.state === 'none' ? undefined : recorded.digest;
}

/** `…/name{2}` is attempt 2 of the `try` at `…/name`. */
function attemptOf(position: string): { of: string; number: number } | null {
  const match = /^(.*)\{(\d+)\}$/s.exec(position);
  return match === null ? null : { of: match[1] ?? '', number: Number(match[2]) };
}
