/**
 * Folds committed run events into what people see: the changes of step rows, and the change of the job's state. Pure;
 * the store writes what it returns.
 */
import type { JobState } from '@casare/shared/api';
import { next } from '@casare/shared/lifecycle';
import { endsRun, type RunEvent, type RunEventBody } from '@casare/shared/protocol';
import { lineOf } from '@casare/shared/record';
import { JOB, jobEventOf, resumeEventOf } from './job.lifecycle.ts';

type Body<T extends RunEventBody['type']> = Extract<RunEventBody, { type: T }>;

/** A step that began (or was skipped) with this event. */
export interface StepOpened {
  readonly seq: number;
  readonly at: string;
  readonly body: Body<'step.started'> | Body<'step.skipped'>;
}
/** A step that ended with this event. */
export interface StepEnded {
  readonly seq: number;
  readonly at: string;
  readonly body: Body<'step.completed'> | Body<'step.failed'>;
}

/** A line of the run's log. */
export interface LoggedLine {
  readonly seq: number;
  readonly at: string;
  readonly level: string;
  readonly message: string;
}

/** What a batch of one attempt's events changes. */
export interface Fold {
  readonly state: JobState;
  readonly opened: readonly StepOpened[];
  readonly ended: readonly StepEnded[];
  /** Lines of the run's log. */
  readonly logs: readonly LoggedLine[];
  readonly started: string | null;
  /** The event that ended the attempt, and when. */
  readonly ending: { readonly at: string; readonly body: RunEventBody } | null;
}

const NOBODY_SAID = { cancelling: false, paused: false };

/**
 * What `events` (new ones only, in order) do to a job in `state`; `null` when they are not a legal continuation:
 * something follows an ending, the table forbids the move, or an agent claims a person's word. An agent that writes is
 * not silent: a job that waited for a person because it was goes on.
 */
export function foldEvents(
  state: JobState,
  events: readonly RunEvent[],
  { cancelling, paused }: { readonly cancelling: boolean; readonly paused: boolean } = NOBODY_SAID,
): Fold | null {
  const opened: StepOpened[] = [];
  const ended: StepEnded[] = [];
  const logs: LoggedLine[] = [];
  let started: string | null = null;
  let ending: Fold['ending'] = null;
  const resumed =
    state === 'needs_review' ? next(JOB, state, resumeEventOf({ started: true, cancelling, paused })) : null;
  let now: JobState = resumed ?? state;
  for (const { seq, at, body } of events) {
    if (ending) return null;
    // Only the control plane writes a person's word into the record.
    if (body.type === 'step.completed' && body.settledBy !== undefined) return null;
    const event = jobEventOf(body);
    if (event) {
      const to = next(JOB, now, event);
      if (!to) return null;
      now = to;
    }
    if (body.type === 'run.started') started = at;
    if (body.type === 'step.started' || body.type === 'step.skipped') opened.push({ seq, at, body });
    if (body.type === 'step.completed' || body.type === 'step.failed') ended.push({ seq, at, body });
    const line = lineOf(body);
    if (line !== null) logs.push({ seq, at, ...line });
    if (endsRun(body)) ending = { at, body };
  }
  return { state: now, opened, ended, logs, started, ending };
}

/** The part of `events` above `acked`, or `null` when there is a hole between. */
export function newEvents(acked: number, events: readonly RunEvent[]): readonly RunEvent[] | null {
  const fresh = events.filter((event) => event.seq > acked);
  return fresh.every((event, index) => event.seq === acked + 1 + index) ? fresh : null;
}
