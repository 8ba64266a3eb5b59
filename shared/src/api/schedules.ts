/** Schedules: jobs that are submitted by the clock. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { JobRequest } from './jobs.ts';
import { isZone } from './maintenance.ts';
import { FILTERS, IdParams, paged, time } from './page.ts';

const job = JobRequest.shape;

/** What is submitted each time: a job request without what belongs to one moment. */
export const ScheduledJob = z
  .strictObject({
    workflow: job.workflow,
    input: job.input,
    priority: job.priority,
    requires: job.requires,
    site: job.site,
    agent: job.agent,
    /** A key that its jobs share with others; without one they have one of their own. Jobs of a schedule never run side by side. */
    concurrencyKey: job.concurrencyKey,
    maxAttempts: job.maxAttempts,
    retry: job.retry,
    timeoutMs: job.timeoutMs,
    attemptTimeoutMs: job.attemptTimeoutMs,
  })
  .meta({ id: 'ScheduledJob' });
export type ScheduledJob = z.output<typeof ScheduledJob>;

/** What happens at a time when an earlier job of the schedule is not over: none, it waits behind it, or that one is cancelled. */
export const OverlapPolicy = z.enum(['skip', 'queue', 'cancel']);
export type OverlapPolicy = z.infer<typeof OverlapPolicy>;

/** What becomes of times that passed while nothing could be submitted: of `all`, the last `limit`, one after the other. */
export const CatchUp = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('last') }),
  z.strictObject({ kind: z.literal('all'), limit: z.int().min(1).max(100).default(10) }),
]);
export type CatchUp = z.infer<typeof CatchUp>;

/** Five fields (minute, hour, day of month, month, day of week), or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. */
const cron = z
  .string()
  .trim()
  .max(200)
  .regex(
    /^(@(hourly|daily|midnight|weekly|monthly|yearly|annually)|\S+( +\S+){4})$/i,
    'needs five fields, such as 0 6 * * 1-5',
  );
const timeZone = z.string().max(64).refine(isZone, 'is not a time zone such as Europe/Berlin');
const CronTimes = z.strictObject({ cron, timeZone: timeZone.default('UTC') });

export const ScheduleRequest = z.strictObject({
  /** Unique in the tenant. */
  name: z.string().trim().min(1).max(100),
  ...CronTimes.shape,
  job: ScheduledJob,
  overlap: OverlapPolicy.default('skip'),
  catchUp: CatchUp.default({ kind: 'none' }),
  enabled: z.boolean().default(true),
});
export type ScheduleRequest = z.output<typeof ScheduleRequest>;

/** `submitted`; `skipped` because of an earlier job; `missed` while nothing could be submitted; `refused` as a submit is. */
export const FiringOutcome = z.enum(['submitted', 'skipped', 'missed', 'refused']);
export type FiringOutcome = z.infer<typeof FiringOutcome>;

/** What became of one time. */
export const Firing = z
  .object({
    id: z.uuid(),
    /** By the clock, or by a person who triggered it. */
    cause: z.enum(['time', 'person']),
    dueAt: time,
    /** Of what was missed: the last time. */
    untilAt: time.nullable(),
    firedAt: time,
    outcome: FiringOutcome,
    jobId: z.uuid().nullable(),
    /** Why there is no job. */
    code: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Firing' });
export type Firing = z.infer<typeof Firing>;

export const Schedule = z
  .object({
    id: z.uuid(),
    name: z.string(),
    cron: z.string(),
    timeZone: z.string(),
    job: ScheduledJob,
    overlap: OverlapPolicy,
    catchUp: CatchUp,
    enabled: z.boolean(),
    /** The next five times; none while it is disabled. */
    nextRuns: z.array(time).max(5),
    lastFiring: Firing.nullable(),
    createdBy: z.string(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Schedule' });
export type Schedule = z.infer<typeof Schedule>;

const problems = ['SCHEDULE_NOT_FOUND'] as const;
const refusals = ['SCHEDULE_EXISTS', 'SCHEDULE_CRON_INVALID', 'WORKFLOW_NOT_FOUND', 'JOB_INPUT_INVALID'] as const;

export const schedules = {
  list: endpoint({
    id: 'schedules.list',
    method: 'GET',
    path: '/schedules',
    summary: 'Lists schedules, newest first.',
    permission: 'schedules:read',
    ...paged(Schedule, {
      sort: ['-createdAt', 'createdAt'],
      filters: { name: z.string().max(100).optional(), q: FILTERS.q },
    }),
    problems: ['CURSOR_INVALID'],
  }),
  create: endpoint({
    id: 'schedules.create',
    method: 'POST',
    path: '/schedules',
    status: 201,
    summary: 'Makes a schedule: a job is submitted whenever the wall clock of its time zone shows what `cron` says.',
    permission: 'schedules:write',
    body: ScheduleRequest,
    answer: { json: Schedule },
    problems: [...refusals, 'SCHEDULES_FULL'],
  }),
  preview: endpoint({
    id: 'schedules.preview',
    method: 'POST',
    path: '/schedules/preview',
    summary: 'Shows the next five times of a cron expression, without making a schedule.',
    permission: 'schedules:read',
    body: CronTimes,
    answer: { json: z.object({ nextRuns: z.array(time).max(5) }) },
    problems: ['SCHEDULE_CRON_INVALID'],
  }),
  get: endpoint({
    id: 'schedules.get',
    passing: ['nextRuns', 'lastFiring'],
    method: 'GET',
    path: '/schedules/{id}',
    summary: 'Shows a schedule with its next five times.',
    permission: 'schedules:read',
    params: IdParams,
    answer: { json: Schedule },
    problems,
  }),
  update: endpoint({
    id: 'schedules.update',
    ifMatch: 'schedules.get',
    method: 'POST',
    path: '/schedules/{id}',
    summary: 'Replaces a schedule; jobs that it has submitted stay as they are.',
    permission: 'schedules:write',
    params: IdParams,
    body: ScheduleRequest,
    answer: { json: Schedule },
    problems: [...problems, ...refusals],
  }),
  firings: endpoint({
    id: 'schedules.firings',
    method: 'GET',
    path: '/schedules/{id}/firings',
    summary: 'Lists what became of its times, newest first.',
    permission: 'schedules:read',
    params: IdParams,
    ...paged(Firing, { sort: ['-firedAt', 'firedAt'], filters: {} }),
    problems: [...problems, 'CURSOR_INVALID'],
  }),
  trigger: endpoint({
    id: 'schedules.trigger',
    method: 'POST',
    path: '/schedules/{id}/trigger',
    summary: 'Submits its job now, whether it is enabled or not, by its policy of overlaps.',
    permission: 'schedules:write',
    params: IdParams,
    answer: { json: Firing },
    problems: [...problems, 'SCHEDULE_STILL_RUNNING', 'WORKFLOW_NOT_FOUND', 'JOB_INPUT_INVALID'],
  }),
  remove: endpoint({
    id: 'schedules.remove',
    ifMatch: 'schedules.get',
    method: 'DELETE',
    path: '/schedules/{id}',
    summary: 'Removes a schedule; its jobs stay.',
    permission: 'schedules:write',
    params: IdParams,
    answer: 'nothing',
    problems,
  }),
  // Last: its path would match those above.
  act: endpoint({
    id: 'schedules.act',
    ifMatch: 'schedules.get',
    method: 'POST',
    path: '/schedules/{id}/{action}',
    summary: 'Enables or disables a schedule; times that pass while it is disabled are not caught up with.',
    permission: 'schedules:write',
    params: IdParams.extend({ action: z.enum(['enable', 'disable']) }),
    answer: { json: Schedule },
    problems,
  }),
} as const;
