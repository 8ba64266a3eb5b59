/**
 * How often a failed job is tried again by itself, and after what pause: `retry` of a job, or of its document
 * (`document.metadata.rpa.retry`). Not the `retry` of a `try` task, which an agent carries out inside one attempt.
 */
import { z } from 'zod';

/** The longest pause between two tries, milliseconds: a week. */
const LONGEST_MS = 604_800_000;

/** What is absent is decided by the control plane. Pauses grow by `factor` from `backoffMs` to `maxBackoffMs`. */
export const JobRetry = z.strictObject({
  /** Tries that may fail, the first one included; 1 for none but the first. */
  attempts: z.int().min(1).max(100).optional(),
  backoffMs: z.int().min(0).max(LONGEST_MS).optional(),
  factor: z.number().min(1).max(10).optional(),
  maxBackoffMs: z.int().min(0).max(LONGEST_MS).optional(),
  /** The share of a pause that is left to chance, from 0 (none) to 1 (anything from no pause to the whole). */
  jitter: z.number().min(0).max(1).optional(),
});
export type JobRetry = z.infer<typeof JobRetry>;
