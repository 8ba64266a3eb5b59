/** Jobs: submitting, observing, steering; their steps. */
import { z } from 'zod';
import { Capability } from '../protocol/messages.ts';
import { Effect, StepSeen, WorkflowError } from '../protocol/run-events.ts';
import { JobRetry } from '../workflow/job-retry.ts';
import { Artifact } from './artifacts.ts';
import { endpoint } from './endpoint.ts';
import { Json } from './json.ts';
import { CREATED, FILTERS, IdParams, paged, time } from './page.ts';
import { Requirements } from './workflows.ts';

/** See design section 5. */
export const JobState = z.enum([
  'pending',
  'leased',
  'running',
  'paused',
  'cancelling',
  'succeeded',
  'failed',
  'timed_out',
  'needs_review',
  'cancelled',
]);
export type JobState = z.infer<typeof JobState>;

/** The longest time limit, milliseconds: 30 days. */
const LIMIT_MS = 2_592_000_000;

export const JobRequest = z
  .strictObject({
    /** `namespace/name`, `namespace/name@version`, or the id of a version. */
    workflow: z.string().min(1).max(400),
    input: Json.optional(),
    /** 0 (last) to 100 (first); 50 unless said otherwise. */
    priority: z.int().min(0).max(100).default(50),
    /** Capabilities or grants besides those the workflow needs. */
    requires: z.array(Capability).max(50).default([]),
    site: z.string().min(1).max(100).optional(),
    /** The one agent that may run it, by id or by name; it waits while that agent is away. */
    agent: z.string().min(1).max(200).optional(),
    notBefore: time.optional(),
    deadline: time.optional(),
    /** At most `limit` jobs of the tenant with this key run at once; of different limits the smallest counts. */
    concurrency: z
      .strictObject({ key: z.string().min(1).max(200), limit: z.int().min(1).max(1_000).default(1) })
      .optional(),
    /** The same as `concurrency` with limit 1. */
    concurrencyKey: z.string().min(1).max(200).optional(),
    /** How often the job may be tried when its lease is lost and nothing unsafe is open. */
    maxAttempts: z.int().min(1).max(100).default(10),
    /** What becomes of it when it fails; by the workflow where absent, and else it is tried once. */
    retry: JobRetry.optional(),
    /** From its first lease to its end, tries and pauses included; then it is `timed_out`. */
    timeoutMs: z.int().min(1).max(LIMIT_MS).optional(),
    /** Of one attempt; one that takes longer is ended as timed out, and may be retried. */
    attemptTimeoutMs: z.int().min(1).max(LIMIT_MS).optional(),
  })
  .refine((job) => job.concurrency === undefined || job.concurrencyKey === undefined, {
    path: ['concurrencyKey'],
    message: 'give `concurrency` or `concurrencyKey`, not both',
  });
export type JobRequest = z.infer<typeof JobRequest>;

/** What a person needs to settle a job: whose attempt it is, and the last that was heard of it. */
export const ReviewEvidence = z
  .object({
    attempt: z.int(),
    agent: z.object({ id: z.uuid(), name: z.string() }).nullable(),
    /** Since when its agent has no tunnel; null while it has one. */
    silentSince: time.nullable(),
    /**
     * The attempt still has its lease: its agent may hold records that have not arrived, which settle the job by themselves
     * when it comes back. A decision before that throws them away.
     */
    outstanding: z.boolean().optional(),
    lastRecord: z.object({ seq: z.int(), type: z.string(), at: time }).nullable(),
    /** A step that was begun and whose end is not on record; one that must not be repeated before others. */
    openStep: z
      .object({
        position: z.string(),
        name: z.string(),
        call: z.string().nullable(),
        effect: Effect,
        startedAt: time,
      })
      .nullable(),
  })
  .meta({ id: 'ReviewEvidence' });
export type ReviewEvidence = z.infer<typeof ReviewEvidence>;

/** One try of a job on one agent, and how it ended. */
export const Attempt = z
  .object({
    attempt: z.int(),
    generation: z.int(),
    agent: z.object({ id: z.uuid(), name: z.string() }).nullable(),
    leasedAt: time,
    /** Null while it holds its lease. */
    endedAt: time.nullable(),
    outcome: z.string().nullable(),
    error: WorkflowError.nullable(),
    /** Events on record. */
    records: z.int(),
  })
  .meta({ id: 'Attempt' });
export type Attempt = z.infer<typeof Attempt>;

export const Job = z
  .object({
    id: z.uuid(),
    state: JobState,
    workflow: z.object({ id: z.uuid(), namespace: z.string(), name: z.string(), version: z.string() }),
    priority: z.int(),
    /** A person's retry opens a new generation. */
    generation: z.int(),
    /** The fencing token: 0 before the first lease. */
    attempt: z.int(),
    agent: z.object({ id: z.uuid(), name: z.string() }).nullable(),
    requirements: Requirements,
    input: Json,
    output: Json.nullable(),
    error: WorkflowError.nullable(),
    /** Why a person is asked, in `needs_review`. */
    review: z
      .object({
        reason: z.string(),
        position: z.string().nullable(),
        /** What is known of the attempt; when one job is asked for. */
        evidence: ReviewEvidence.optional(),
      })
      .nullable(),
    artifacts: z.int(),
    /** A pause was asked for, and a step is still under way; when one job is asked for. */
    pausing: z.boolean().optional(),
    createdAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
  })
  .meta({ id: 'Job' });
export type Job = z.infer<typeof Job>;

export const Step = z
  .object({
    attempt: z.int(),
    /** Number of the event that started it: steps sort by (attempt, seq). */
    seq: z.int(),
    path: z.string(),
    position: z.string(),
    name: z.string(),
    task: z.string(),
    call: z.string().nullable(),
    effect: Effect,
    state: z.enum(['running', 'completed', 'failed', 'skipped', 'interrupted']),
    startedAt: time,
    endedAt: time.nullable(),
    durationMs: z.int().nullable(),
    output: Json.nullable(),
    error: WorkflowError.nullable(),
    /**
     * What it was called with, for people: handles in place of secrets, long texts and lists cut. Absent where nothing was
     * recorded, and in live events.
     */
    input: Json.optional(),
    /** The element, page or window that it acted on, as its executor saw it. Absent as `input` is. */
    seen: StepSeen.optional(),
  })
  .meta({ id: 'Step' });
export type Step = z.infer<typeof Step>;

export const LogLine = z
  .object({ attempt: z.int(), seq: z.int(), at: time, level: z.string(), message: z.string() })
  .meta({ id: 'LogLine' });
export type LogLine = z.infer<typeof LogLine>;

/**
 * `continue`: the step in doubt took effect (`output` is its output); the job goes on after it. It is refused with
 * `ATTEMPT_MAY_ACT` while the attempt may do more than the person has seen. `retry`: everything anew, also what the attempt
 * may still do. `succeed` and `fail`: the job is over.
 */
export const ReviewRequest = z.strictObject({
  decision: z.enum(['continue', 'retry', 'succeed', 'fail']),
  output: Json.optional(),
  reason: z.string().min(1).max(2_000),
});
export type ReviewRequest = z.infer<typeof ReviewRequest>;

/** The first unmet condition of each agent, grouped: "why is this pending?" is a query, not a guess. */
export const WhyPending = z
  .object({
    state: JobState,
    summary: z.string(),
    /** Better or older jobs on its route, counted up to 10,000; null while it is not in the queue. */
    ahead: z.int().nullable(),
    /** What keeps every job of the tenant from beginning, however many agents are free: a quota, and how much of it is used. */
    heldBy: z
      .object({
        code: z.enum(['QUOTA_CONCURRENT_JOBS', 'TENANT_SUSPENDED']),
        limit: z.int().nullable(),
        used: z.int().nullable(),
      })
      .nullable(),
    /** A guess from how its route got on lately; null when that says nothing. */
    likelyStart: time.nullable(),
    /** All agents, by the first condition that they do not meet; `NONE` meet all. */
    counts: z.array(z.object({ code: z.string(), agents: z.int() })).max(50),
    /** At most 200, those first that are nearest to running it. */
    agents: z.array(z.object({ id: z.uuid(), name: z.string(), reason: z.string(), code: z.string() })).max(200),
  })
  .meta({ id: 'WhyPending' });
export type WhyPending = z.infer<typeof WhyPending>;

const found = ['JOB_NOT_FOUND'] as const;
const steered = ['JOB_NOT_FOUND', 'JOB_WRONG_STATE'] as const;

/** A steering call without a body: `POST /jobs/{id}/<verb>`. */
function steer<const V extends string, const C extends string = never>(
  verb: V,
  summary: string,
  codes: readonly C[] = [],
) {
  return endpoint({
    id: `jobs.${verb}`,
    method: 'POST',
    path: `/jobs/{id}/${verb}`,
    summary,
    permission: 'jobs:write',
    params: IdParams,
    answer: { json: Job },
    problems: [...steered, ...codes],
  });
}

export const jobs = {
  submit: endpoint({
    id: 'jobs.submit',
    method: 'POST',
    path: '/jobs',
    status: 201,
    permission: 'jobs:write',
    summary: 'Submits a job. With an `Idempotency-Key` header, the same request again answers with the same job.',
    body: JobRequest,
    load: 'submits',
    idempotency: 'own',
    answer: { json: Job },
    problems: ['WORKFLOW_NOT_FOUND', 'JOB_INPUT_INVALID', 'IDEMPOTENCY_CONFLICT', 'SUBMITS_BUSY'],
  }),
  submitBulk: endpoint({
    id: 'jobs.submitBulk',
    method: 'POST',
    path: '/jobs/bulk',
    status: 201,
    permission: 'jobs:write',
    summary: 'Submits up to 10,000 jobs, all or none.',
    body: z.strictObject({ jobs: z.array(JobRequest).min(1).max(10_000) }),
    bodyBytes: 16_777_216,
    load: 'submits',
    idempotency: 'own',
    answer: { json: z.object({ ids: z.array(z.uuid()) }).meta({ id: 'JobIds' }) },
    problems: ['WORKFLOW_NOT_FOUND', 'JOB_INPUT_INVALID', 'IDEMPOTENCY_CONFLICT', 'SUBMITS_BUSY'],
  }),
  list: endpoint({
    id: 'jobs.list',
    method: 'GET',
    path: '/jobs',
    summary: 'Lists jobs, newest first.',
    permission: 'jobs:read',
    ...paged(Job, {
      sort: ['-createdAt', 'createdAt'],
      filters: {
        state: JobState.optional(),
        /** `namespace/name`. */
        workflow: z.string().max(400).optional(),
        agent: z.uuid().optional(),
        /** Of the job's requirements. */
        site: FILTERS.site,
        /** The same as `createdAfter`. */
        since: time.optional(),
        ...CREATED,
        /** Part of the workflow's name; a job's id; where no name has it, part of the id of one of the 20,000 newest jobs. */
        q: FILTERS.q,
      },
    }),
  }),
  get: endpoint({
    id: 'jobs.get',
    method: 'GET',
    path: '/jobs/{id}',
    summary: 'Shows one job.',
    permission: 'jobs:read',
    params: IdParams,
    answer: { json: Job },
    problems: found,
  }),
  attempts: endpoint({
    id: 'jobs.attempts',
    method: 'GET',
    path: '/jobs/{id}/attempts',
    summary: 'Lists the attempts: which agent had each, since when, and how it ended; oldest first.',
    permission: 'jobs:read',
    params: IdParams,
    ...paged(Attempt, { sort: ['leasedAt'], filters: {} }),
    problems: found,
  }),
  steps: endpoint({
    id: 'jobs.steps',
    method: 'GET',
    path: '/jobs/{id}/steps',
    summary: 'Lists the steps as they ran, oldest first.',
    permission: 'jobs:read',
    params: IdParams,
    ...paged(Step, { sort: ['startedAt'], filters: {} }),
    problems: found,
  }),
  logs: endpoint({
    id: 'jobs.logs',
    method: 'GET',
    path: '/jobs/{id}/logs',
    summary: 'Lists log lines, oldest first.',
    permission: 'jobs:read',
    params: IdParams,
    ...paged(LogLine, { sort: ['at'], filters: {} }),
    problems: found,
  }),
  artifacts: endpoint({
    id: 'jobs.artifacts',
    method: 'GET',
    path: '/jobs/{id}/artifacts',
    summary: 'Lists the files of a run.',
    permission: 'jobs:read',
    params: IdParams,
    ...paged(Artifact, { sort: ['kind'], filters: {} }),
    problems: found,
  }),
  record: endpoint({
    id: 'jobs.record',
    method: 'GET',
    path: '/jobs/{id}/record',
    summary: 'Sends everything recorded of a run as one zip, with a page that shows it offline.',
    permission: 'jobs:read',
    params: IdParams,
    answer: 'bytes',
    mediaTypes: ['application/zip'],
    problems: [...found, 'RECORDS_BUSY'],
  }),
  whyPending: endpoint({
    id: 'jobs.whyPending',
    method: 'GET',
    path: '/jobs/{id}/why-pending',
    permission: 'jobs:read',
    summary: 'Says, for each agent, the first condition that keeps it from running this job.',
    params: IdParams,
    answer: { json: WhyPending },
    problems: found,
  }),
  cancel: steer('cancel', 'Cancels: softly first, then the worker is killed.'),
  pause: steer(
    'pause',
    'Pauses: a job that waits is not begun; a run ends the step under way and starts no further one.',
    ['AGENT_CANNOT_PAUSE'],
  ),
  resume: steer('resume', 'Takes a pause back: the job waits again, or its run goes on where it stood.'),
  retry: steer('retry', 'Runs an ended job again, as a new generation.'),
  review: endpoint({
    id: 'jobs.review',
    method: 'POST',
    path: '/jobs/{id}/review',
    permission: 'jobs:review',
    summary: 'Settles a job that waits for a person.',
    params: IdParams,
    body: ReviewRequest,
    answer: { json: Job },
    problems: [...steered, 'ATTEMPT_MAY_ACT'],
  }),
} as const;
