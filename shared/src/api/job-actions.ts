/** One action on many jobs: those that fit a filter of the list, a bounded number in each call. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { JobState } from './jobs.ts';
import { CREATED, FILTERS, time } from './page.ts';

export const JobAction = z.enum(['cancel', 'pause', 'resume', 'retry']);
export type JobAction = z.infer<typeof JobAction>;

/** As the list of jobs takes it. */
export const JobActionFilter = z.strictObject({
  /** Where absent, the states in which the action is of use; a job in review is cancelled only when that is said. */
  state: JobState.optional(),
  /** `namespace/name`. */
  workflow: z.string().min(1).max(400).optional(),
  agent: z.uuid().optional(),
  site: FILTERS.site,
  /** The same as `createdAfter`. */
  since: time.optional(),
  ...CREATED,
  q: FILTERS.q,
});
export type JobActionFilter = z.infer<typeof JobActionFilter>;

/** Jobs acted on in one call at most, and jobs that refuse. */
export const JOBS_AT_ONCE = 500;
/** Jobs that are counted at most. */
export const JOBS_COUNTED = 10_000;

export const JobActionRequest = z.strictObject({
  action: JobAction,
  /** An empty one fits all jobs. */
  filter: JobActionFilter,
  limit: z.int().min(1).max(JOBS_AT_ONCE).default(JOBS_AT_ONCE),
  /** Only counts. */
  dryRun: z.boolean().default(false),
});
export type JobActionRequest = z.infer<typeof JobActionRequest>;

export const JobActionDone = z
  .object({
    action: JobAction,
    dryRun: z.boolean(),
    /** Jobs it was done to, oldest first. */
    ids: z.array(z.uuid()),
    /** Jobs that refused, and why. */
    refused: z.array(z.object({ id: z.uuid(), code: z.string() })),
    /** Jobs that fit and were not looked at, counted up to 10,000; all that fit, when nothing was done. */
    remaining: z.int(),
  })
  .meta({ id: 'JobActionDone' });
export type JobActionDone = z.infer<typeof JobActionDone>;

export const jobActions = {
  run: endpoint({
    id: 'jobActions.run',
    method: 'POST',
    path: '/jobs/actions',
    summary: 'Cancels, pauses, resumes or retries jobs that fit a filter, oldest first; or counts them.',
    permission: 'jobs:write',
    body: JobActionRequest,
    answer: { json: JobActionDone },
  }),
} as const;
