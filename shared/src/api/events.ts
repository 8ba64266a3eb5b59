/** Live events (SSE): what changed, for consoles and scripts. `Last-Event-ID` resumes without a hole. */
import { z } from 'zod';
import { AgentState } from './agents.ts';
import { endpoint } from './endpoint.ts';
import { Job, JobState, LogLine, Step } from './jobs.ts';
import { time } from './page.ts';

const base = { at: time };

/** One live event; the SSE `id` is its cursor, the SSE `event` its type. */
export const LiveEvent = z
  .discriminatedUnion('type', [
    z.object({
      type: z.literal('job.changed'),
      ...base,
      jobId: z.uuid(),
      state: JobState,
      attempt: z.int(),
      job: Job.optional(),
    }),
    z.object({ type: z.literal('step.changed'), ...base, jobId: z.uuid(), step: Step }),
    z.object({ type: z.literal('log.line'), ...base, jobId: z.uuid(), line: LogLine }),
    z.object({
      type: z.literal('artifact.stored'),
      ...base,
      jobId: z.uuid(),
      artifactId: z.uuid(),
      name: z.string(),
      bytes: z.int(),
    }),
    z.object({
      type: z.literal('agent.changed'),
      ...base,
      agentId: z.uuid(),
      name: z.string(),
      state: AgentState,
      connected: z.boolean(),
    }),
    /** An agent that is drained: nothing of it runs any more. */
    z.object({ type: z.literal('agent.drained'), ...base, agentId: z.uuid(), name: z.string() }),
    /** A schedule was made, changed, removed, or came to a time of its own. */
    z.object({
      type: z.literal('schedule.changed'),
      ...base,
      scheduleId: z.uuid(),
      name: z.string(),
      action: z.string(),
    }),
    z.object({ type: z.literal('trust.changed'), ...base, subject: z.string(), action: z.string() }),
    /** What came after `Last-Event-ID` is not kept any more: read the state anew. The stream goes on from now. */
    z.object({ type: z.literal('stream.reset'), ...base }),
  ])
  .meta({ id: 'LiveEvent' });
export type LiveEvent = z.infer<typeof LiveEvent>;

export const events = {
  stream: endpoint({
    id: 'events.stream',
    method: 'GET',
    path: '/events',
    permission: 'jobs:read',
    summary:
      'Streams the events that the caller may read (SSE). `Last-Event-ID` (header, or `lastEventId` in the query) resumes; `job` narrows to one job.',
    query: z.object({ job: z.uuid().optional(), lastEventId: z.string().max(100).optional() }),
    answer: 'events',
    problems: ['CURSOR_INVALID', 'LIVE_TOO_MANY'],
  }),
} as const;
