/** Dead letters: jobs that failed and that nobody tries again by itself. A person retries them, or puts them away. */
import { z } from 'zod';
import { WorkflowError } from '../protocol/run-events.ts';
import { endpoint } from './endpoint.ts';
import { Json } from './json.ts';
import { Attempt, Job } from './jobs.ts';
import { CREATED, IdParams, paged, time } from './page.ts';

/**
 * `permanent`: it would fail again. `ambiguous`: a step that must not be repeated may have acted. `exhausted`: its tries,
 * or its time, are used up.
 */
export const DeadReason = z.enum(['permanent', 'ambiguous', 'exhausted']);
export type DeadReason = z.infer<typeof DeadReason>;

export const DeadLetter = z
  .object({
    id: z.uuid(),
    reason: DeadReason,
    workflow: Job.shape.workflow,
    error: WorkflowError.nullable(),
    /** Of this generation. */
    attempts: z.int(),
    agent: Job.shape.agent,
    createdAt: time,
    failedAt: time,
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetter = z.infer<typeof DeadLetter>;

/** One try of the job. */
const DeadTry = Attempt.omit({ records: true });

export const DeadLetterDetails = DeadLetter.extend({
  input: Json,
  /** The newest tries, oldest of them first. */
  tries: z.array(DeadTry).max(100),
}).meta({ id: 'DeadLetterDetails' });
export type DeadLetterDetails = z.infer<typeof DeadLetterDetails>;

const filters = {
  reason: DeadReason.optional(),
  /** `namespace/name`. */
  workflow: z.string().min(1).max(400).optional(),
  /** The code of the error. */
  code: z.string().min(1).max(100).optional(),
  /** Failed at this time or later. */
  since: time.optional(),
  ...CREATED,
};
export const DeadLetterFilter = z.strictObject(filters);
export type DeadLetterFilter = z.infer<typeof DeadLetterFilter>;

/** Jobs acted on in one call at most; `more` of the answer says that others fit the filter. */
export const DEAD_LETTERS_AT_ONCE = 500;

/** Which: by id, or all that fit a filter (an empty one fits all), newest job first. */
export const DeadLetterChoice = z.union([
  z.strictObject({ ids: z.array(z.uuid()).min(1).max(DEAD_LETTERS_AT_ONCE) }),
  z.strictObject({ filter: DeadLetterFilter }),
]);
export type DeadLetterChoice = z.infer<typeof DeadLetterChoice>;

export const DeadLettersDone = z
  .object({
    ids: z.array(z.uuid()),
    /** What was asked for and is no dead letter (any more). */
    refused: z.array(z.object({ id: z.uuid(), code: z.string() })),
    more: z.boolean(),
  })
  .meta({ id: 'DeadLettersDone' });
export type DeadLettersDone = z.infer<typeof DeadLettersDone>;

/** Counted at most; of more, the newest jobs count. */
export const DEAD_LETTERS_COUNTED = 100_000;
/** Workflows that are named; the others are one number. */
export const WORKFLOWS_COUNTED = 100;

const byReason = z.object({ permanent: z.int(), ambiguous: z.int(), exhausted: z.int() });

export const DeadLetterCounts = z
  .object({
    total: z.int(),
    /** False when as many were counted as are counted at most: there may be more. */
    complete: z.boolean(),
    reasons: byReason,
    /** Those with the most first. */
    workflows: z
      .array(
        z.object({
          /** `namespace/name`. */
          workflow: z.string(),
          total: z.int(),
          reasons: byReason,
          lastFailedAt: time,
        }),
      )
      .max(WORKFLOWS_COUNTED),
    /** Of workflows that are not named. */
    others: z.int(),
  })
  .meta({ id: 'DeadLetterCounts' });
export type DeadLetterCounts = z.infer<typeof DeadLetterCounts>;

export const deadLetters = {
  list: endpoint({
    id: 'deadLetters.list',
    method: 'GET',
    path: '/dead-letters',
    summary: 'Lists jobs that failed and are not tried again by themselves, newest job first.',
    permission: 'jobs:read',
    ...paged(DeadLetter, { sort: ['-createdAt', 'createdAt'], filters }),
  }),
  counts: endpoint({
    id: 'deadLetters.counts',
    method: 'GET',
    path: '/dead-letters/counts',
    summary: 'Counts dead letters by their reason and their workflow.',
    permission: 'jobs:read',
    query: z.object(filters),
    answer: { json: DeadLetterCounts },
  }),
  get: endpoint({
    id: 'deadLetters.get',
    method: 'GET',
    path: '/dead-letters/{id}',
    summary: 'Shows a dead letter with its tries.',
    permission: 'jobs:read',
    params: IdParams,
    answer: { json: DeadLetterDetails },
    problems: ['DEAD_LETTER_NOT_FOUND'],
  }),
  retry: endpoint({
    id: 'deadLetters.retry',
    method: 'POST',
    path: '/dead-letters/retry',
    summary: 'Runs dead letters again, each as a new generation.',
    permission: 'jobs:write',
    body: DeadLetterChoice,
    answer: { json: DeadLettersDone },
  }),
  purge: endpoint({
    id: 'deadLetters.purge',
    method: 'POST',
    path: '/dead-letters/purge',
    summary: 'Takes jobs off the list of dead letters for good; the jobs stay in the history as they are.',
    permission: 'jobs:review',
    body: DeadLetterChoice,
    answer: { json: DeadLettersDone },
  }),
} as const;
