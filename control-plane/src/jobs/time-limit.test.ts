/** Time limits on a real database: what the agent is told, and what the server does when it does not end a run itself. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Job } from '@casare/shared/api';
import type { JobAssign, RunEvent, RunEventBody } from '@casare/shared/protocol';
import { isRefusal } from '../platform/refusal.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';
import { afterTimeLimit, timeLimitOf } from './time-limit.decision.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const numbered = (...bodies: RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ seq: index + 1, at, body }));
const late: RunEventBody = {
  ...{ type: 'run.timed_out', error: { type: 'about:blank', status: 408, code: 'ATTEMPT_TIMEOUT' } },
};

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness({ heartbeatMs: 1_000, times: { overdueMs: 200 } });
  await h.jobs.start();
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

async function running(name: string, more: object, options: object = {}): Promise<{ agent: TestAgent; id: string }> {
  const [agent, workflow] = [await h.agent(name), await h.workflow(name, options)];
  const ids = await h.jobs.submit.submit(
    h.by,
    [{ workflow, priority: 50, requires: [], maxAttempts: 3, ...more }],
    null,
  );
  if (isRefusal(ids)) throw new Error(ids.code);
  await assigned(agent, 1);
  await h.jobs.runs.record(agent, ids[0]!, 1, numbered(started));
  return { agent, id: ids[0]! };
}
async function assigned(agent: TestAgent, attempt: number): Promise<JobAssign> {
  return vi.waitFor(() => {
    const found = agent.sent.find((message) => message.type === 'job.assign' && message.attempt === attempt);
    expect(found).toBeDefined();
    return found as JobAssign;
  }, 10_000);
}
async function becomes(id: string, expected: object): Promise<void> {
  const look = async () => expect((await h.jobs.query.job('default', id)) as Job).toMatchObject(expected);
  await vi.waitFor(look, 10_000);
}

describe('the time of a job', () => {
  it('is told to its agent: what is over first', async () => {
    const { agent } = await running('told', { timeoutMs: 60_000, attemptTimeoutMs: 600_000 });
    const { timeLimit } = await assigned(agent, 1);
    expect(timeLimit?.of).toBe('job');
    expect(timeLimit?.ms).toBeGreaterThan(30_000);
    expect(timeLimit?.ms).toBeLessThanOrEqual(60_000);
    const { agent: other } = await running('not told', {});
    expect(await assigned(other, 1)).not.toHaveProperty('timeLimit');
    expect(timeLimitOf(-5, 100)).toEqual({ ms: 1, of: 'job' });
    expect(timeLimitOf(200, 100)).toEqual({ ms: 100, of: 'attempt' });
  });

  it('ends it on the server when the agent does not, and the attempt is fenced', async () => {
    const { agent, id } = await running('ignored', { timeoutMs: 300 });
    await becomes(id, { state: 'timed_out', error: { code: 'JOB_TIMEOUT' } });
    await vi.waitFor(() =>
      expect(agent.sent).toContainEqual(expect.objectContaining({ type: 'run.fenced', jobId: id })),
    );
    const answer = await h.jobs.runs.record(agent, id, 1, numbered(started, { type: 'run.completed', output: null }));
    expect(answer).toMatchObject({ outcome: 'fenced' });
    expect(await h.jobs.deadLetters.get('default', id)).toMatchObject({ reason: 'exhausted' });
  });

  it('that may reach a step which must not be repeated asks a person, and the agent may still settle it', async () => {
    const { agent, id } = await running('unsafe', { timeoutMs: 300 }, { unsafe: true });
    await becomes(id, { state: 'needs_review', review: { position: null } });
    const answer = await h.jobs.runs.record(agent, id, 1, numbered(started, { type: 'run.completed', output: null }));
    expect(answer).toEqual({ outcome: 'acked', seq: 2 });
    await becomes(id, { state: 'succeeded' });
  });

  it('is over for a job that waits for another try, too', async () => {
    const { agent, id } = await running('waiting', {
      timeoutMs: 1_500,
      retry: { attempts: 3, backoffMs: 200, jitter: 0 },
    });
    agent.disconnect();
    const failed: RunEventBody = { type: 'run.failed', error: { type: 'about:blank', status: 503, code: 'FLAKY' } };
    await h.jobs.runs.record(agent, id, 1, numbered(started, failed));
    await becomes(id, { state: 'pending' });
    await becomes(id, { state: 'timed_out', error: { code: 'JOB_TIMEOUT' } });
  });
});

describe('the time of an attempt', () => {
  const retry = { attempts: 2, backoffMs: 0, jitter: 0 };

  it('that its agent ended is retried like a failure, and the last one is timed out', async () => {
    const { agent, id } = await running('slow', { attemptTimeoutMs: 60_000, retry });
    await h.jobs.runs.record(agent, id, 1, numbered(started, late));
    await assigned(agent, 2);
    await h.jobs.runs.record(agent, id, 2, numbered(started, late));
    await becomes(id, { state: 'timed_out', error: { code: 'ATTEMPT_TIMEOUT' } });
  });

  it('that the server ended is retried too', async () => {
    const { agent, id } = await running('hanging', { attemptTimeoutMs: 300, retry });
    const told = expect.objectContaining({ type: 'run.fenced', attempt: 1, confirm: true }) as unknown;
    await vi.waitFor(() => expect(agent.sent).toContainEqual(told), 10_000);
    await h.jobs.runs.stopped(agent, id, 1);
    await assigned(agent, 2);
    await h.jobs.runs.stopped(agent, id, 2);
    await becomes(id, { error: { code: 'ATTEMPT_TIMEOUT' } });
  });

  it('leaves a cancel and a person the last word', () => {
    for (const state of ['cancelling', 'needs_review'] as const) {
      expect(afterTimeLimit({ state, unsafeReachable: false, openUnsafe: null })).toEqual({ do: 'leave' });
    }
    expect(afterTimeLimit({ state: 'running', unsafeReachable: false, openUnsafe: null })).toEqual({ do: 'timeOut' });
  });
});
