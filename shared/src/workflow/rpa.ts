/** `metadata.rpa`: what Casare adds to the DSL, for a whole document (`document.metadata.rpa`) and for a task. */
import { z } from 'zod';
import { Capability, OnDisconnect, SlotKind } from '../protocol/messages.ts';
import { Effect, OnRestart } from '../protocol/run-events.ts';
import { Duration, parseDuration } from './duration.ts';
import { RecordRules } from './evidence.ts';
import { JobRetry } from './job-retry.ts';
import { TargetOrExpression } from './target.ts';

/**
 * The read-only probe that decides whether a step in doubt has happened: it has when `exists` matches an element, or
 * when `gone` matches none. Both are selectors; expressions are evaluated as they were when the step started.
 */
export const Verify = z.union([
  z.strictObject({ exists: TargetOrExpression }),
  z.strictObject({ gone: TargetOrExpression }),
]);
export type Verify = z.infer<typeof Verify>;

/** Of one task; `onRestart`, `verify` and `record` also hold for the tasks inside it. */
export const TaskRpa = z.strictObject({
  onRestart: OnRestart.optional(),
  verify: Verify.optional(),
  /** Overrides the effect class that the step's executor declares. */
  effect: Effect.optional(),
  /** What is kept of it and of the steps inside it, kind by kind, in place of what is said around it. */
  record: RecordRules.optional(),
});
export type TaskRpa = z.infer<typeof TaskRpa>;

/** Of the whole document. */
export const DocumentRpa = z.strictObject({
  onRestart: OnRestart.optional(),
  /** What a run does when its agent loses the control plane (design section 6); `continue` when absent. */
  onDisconnect: OnDisconnect.optional(),
  /** How long a silent agent is waited for before a person is asked; 10 minutes when absent. */
  disconnectGrace: Duration.refine((value) => parseDuration(value) !== null, 'expected a literal duration').optional(),
  /** Capabilities an agent must have besides those that the steps need. */
  requires: z.array(Capability).max(50).optional(),
  /** Where it must run. */
  site: z.string().min(1).max(100).optional(),
  /** The slot to take when the steps do not say, such as for a sub-workflow. */
  slot: SlotKind.optional(),
  /** How often a failed job is tried again by itself, member by member, where the job does not say. */
  retry: JobRetry.optional(),
  /** Names of the files that a success must have stored; `*` stands for any characters within a name. */
  outputs: z.array(z.string().min(1).max(500)).max(100).optional(),
  /** The documents of sub-workflows, by reference, in a saved document; nobody writes it (`sub-workflows.ts`). */
  workflows: z
    .record(
      z.string(),
      z.custom<object>((value) => typeof value === 'object' && value !== null),
    )
    .optional(),
  /** What is kept of its steps, and when. */
  record: RecordRules.optional(),
});
export type DocumentRpa = z.infer<typeof DocumentRpa>;

export const TaskMetadata = z.looseObject({ rpa: TaskRpa.optional() });
export const DocumentMetadata = z.looseObject({ rpa: DocumentRpa.optional() });
