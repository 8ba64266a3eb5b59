/**
 * Run events: the record of one attempt, in the order it happened. The worker produces them, the agent's outbox
 * numbers and keeps them, the tunnel carries them, the control plane commits and acknowledges them by number, and a
 * resumed attempt replays them as its journal. One shape for all five.
 *
 * Invariants: `seq` starts at 1 for each attempt and has no holes; the last event of an attempt is one of
 * `RUN_ENDINGS`, and nothing follows it.
 */
import { z } from 'zod';

/** What a repetition of a step would do to the outside world (design section 4, invariant 3). */
export const Effect = z.enum(['idempotent', 'checkable', 'unsafe']);
export type Effect = z.infer<typeof Effect>;

/** What a restart does with a step that was started and has no recorded end. */
export const OnRestart = z.enum(['rerun', 'verify', 'restartScope', 'suspend']);
export type OnRestart = z.infer<typeof OnRestart>;

/** An error as workflows see it: RFC 9457 members, plus a stable Casare code where the engine raised it. */
export const WorkflowError = z.object({
  type: z.string().max(2_000),
  status: z.int().min(100).max(599),
  title: z.string().max(1_000).optional(),
  detail: z.string().max(16_000).optional(),
  /** Position of the step that raised it. */
  instance: z.string().max(2_000).optional(),
  code: z.string().max(100).optional(),
});
export type WorkflowError = z.infer<typeof WorkflowError>;

/**
 * Where a step instance is: `path` is the JSON Pointer of the task in the document; `position` is the same path with
 * loop indexes `[n]` (from 0) and try attempts `{n}` (from 1) written in, so that it is unique within a run.
 */
const where = { path: z.string().max(2_000), position: z.string().max(3_000) };

const StepStarted = z.object({
  type: z.literal('step.started'),
  ...where,
  name: z.string().max(200),
  /** The kind of task: `call`, `set`, `do`, `for`, `try`, `raise`, ... */
  task: z.string().max(50),
  /** The catalogue function, such as `browser.click:1.0.0`, when `task` is `call`. */
  call: z.string().max(200).optional(),
  effect: Effect,
  onRestart: OnRestart,
  /** SHA-256 (hex) of the evaluated arguments: a journalled outcome is reused only for equal arguments. */
  inputDigest: z.string().length(64).optional(),
  /** The evaluated arguments for people to read: handles in place of secrets, long texts and lists cut. */
  input: z.json().optional(),
});

/** Characters of a selector or an address, and of a title, and how many candidates a record holds. */
export const SEEN = { text: 4_000, title: 1_000, candidates: 10 } as const;
const seenText = z.string().max(SEEN.text);
const seenTitle = z.string().max(SEEN.title);

/** What an executor saw of the system that it acted on, when its step ended. */
export const StepSeen = z.object({
  /** The element that was acted on: what the document asked for, and a selector that names it exactly. */
  target: z
    .object({
      selector: seenText,
      found: seenText.nullable(),
      /** Elements that the selector matched. */
      matches: z.int().min(0),
      /** When it did not match exactly one: the nearest, as ready selectors. */
      candidates: z.array(seenText).max(SEEN.candidates).optional(),
    })
    .optional(),
  page: z.object({ url: seenText, title: seenTitle }).optional(),
  window: z.object({ title: seenTitle, application: seenTitle }).optional(),
});
export type StepSeen = z.infer<typeof StepSeen>;

/** A step that ended well. */
export const StepCompleted = z.object({
  type: z.literal('step.completed'),
  ...where,
  /** The task's output after `output.as`. */
  output: z.json(),
  /** The new `$context`, only when the task has `export`. */
  context: z.json().optional(),
  durationMs: z.int().min(0),
  seen: StepSeen.optional(),
  /**
   * The output stayed on the agent by its policy, and `output` is null. Where a run is taken up elsewhere such a step counts as
   * one that has to be done again, or asked about.
   */
  withheld: z.object({ bytes: z.int().min(0).optional(), sha256: z.string().length(64).optional() }).optional(),
  /** A person's word, given in a review, that the step took effect; written by the control plane, never by an agent. */
  settledBy: z.string().max(200).optional(),
});
export type StepCompleted = z.infer<typeof StepCompleted>;

const StepFailed = z.object({
  type: z.literal('step.failed'),
  ...where,
  error: WorkflowError,
  /** False when the step may have acted all the same (a timed-out click): it stays in doubt. */
  certain: z.boolean(),
  /** The `$context` at that moment, only when what failed is an attempt of a `try`: the next attempt starts with it. */
  context: z.json().optional(),
  durationMs: z.int().min(0),
  seen: StepSeen.optional(),
});

/** `code` of a step that the agent recorded as started and, because it stopped, never let act: a restart starts it anew. */
export const AGENT_STOPPED = 'AGENT_STOPPED';

const StepSkipped = z.object({ type: z.literal('step.skipped'), ...where, name: z.string().max(200) });

const RunLog = z.object({
  type: z.literal('run.log'),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string().max(16_000),
});

const RunStarted = z.object({
  type: z.literal('run.started'),
  resumed: z.boolean(),
  /** The tokens that stand for secrets in recorded data, by secret name; a later attempt reads them. Never values. */
  handles: z.record(z.string().max(300), z.string().max(200)).optional(),
});
const RunCompleted = z.object({ type: z.literal('run.completed'), output: z.json() });
const RunFailed = z.object({ type: z.literal('run.failed'), error: WorkflowError });
const RunTimedOut = z.object({ type: z.literal('run.timed_out'), error: WorkflowError });
const RunCancelled = z.object({ type: z.literal('run.cancelled'), reason: z.string().max(1_000) });
/** No step is under way and none starts until `run.resumed`; only where a pause was asked for. */
const RunPaused = z.object({ type: z.literal('run.paused') });
const RunResumed = z.object({ type: z.literal('run.resumed') });
/** The run cannot go on without a person: a step that must not be repeated is in doubt. */
const RunSuspended = z.object({
  type: z.literal('run.suspended'),
  position: z.string().max(3_000),
  reason: z.string().max(4_000),
});

/** What happened, without its number and time: what the engine emits. */
export const RunEventBody = z.discriminatedUnion('type', [
  RunStarted,
  StepStarted,
  StepCompleted,
  StepFailed,
  StepSkipped,
  RunLog,
  RunPaused,
  RunResumed,
  RunCompleted,
  RunFailed,
  RunTimedOut,
  RunCancelled,
  RunSuspended,
]);
export type RunEventBody = z.infer<typeof RunEventBody>;

/** One recorded event of an attempt: its number within the attempt and the agent's wall-clock time. */
export const RunEvent = z.object({
  seq: z.int().min(1).max(10_000_000),
  at: z.iso.datetime(),
  body: RunEventBody,
});
export type RunEvent = z.infer<typeof RunEvent>;

/** The event types that end an attempt. */
export const RUN_ENDINGS = ['run.completed', 'run.failed', 'run.timed_out', 'run.cancelled', 'run.suspended'] as const;
export type RunEnding = (typeof RUN_ENDINGS)[number];

/** True for the last event of an attempt. */
export function endsRun(body: RunEventBody): boolean {
  return (RUN_ENDINGS as readonly string[]).includes(body.type);
}
