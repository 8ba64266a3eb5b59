/** The time of an attempt and of a job, over real processes. */
import type { JobAssign } from '@casare/shared/protocol';
import { expect, test, vi } from 'vitest';
import { agentHome } from '../identity/index.ts';
import { logLine, recordedAt, stepCompleted, stepStarted } from '../outbox/outbox-for-tests.ts';
import { agent, assign, ended, folder, scripted, SCRIPTED, SLOW, startAgent } from './supervised-for-tests.ts';

test('a worker that hangs is ended when the time of its attempt is over', async () => {
  startAgent(SCRIPTED);
  const [late, control] = (['attempt', 'job'] as const).map((of) =>
    scripted(['ignore cancel'], { timeLimit: { ms: 400, of } }),
  );
  await assign(late!);
  expect((await ended(late!)).at(-1)?.body).toMatchObject({
    type: 'run.timed_out',
    error: { code: 'ATTEMPT_TIMEOUT' },
  });
  await assign(control!);
  expect((await ended(control!)).at(-1)?.body).toMatchObject({ type: 'run.timed_out', error: { code: 'JOB_TIMEOUT' } });
  // What ends in time is not touched.
  const quick = scripted(['complete'], { timeLimit: { ms: 600_000, of: 'job' } });
  await assign(quick);
  expect((await ended(quick)).at(-1)?.body).toMatchObject({ type: 'run.completed' });
});

test('the time of an attempt that is over during a step that must not be repeated leaves it to a person', async () => {
  startAgent(SCRIPTED);
  const run = await longSince([{ record: stepStarted('/do/0/pay') }, 'ignore cancel'], 'job');
  expect((await ended(run)).at(-1)?.body).toMatchObject({ type: 'run.suspended', position: '/do/0/pay' });
});

test('the time of an attempt goes on while the agent is away', async () => {
  startAgent(SCRIPTED);
  const run = await longSince([{ record: stepCompleted('/do/0/first') }, 'ignore cancel'], 'attempt');
  expect((await ended(run)).at(-1)?.body).toMatchObject({ type: 'run.timed_out', error: { code: 'ATTEMPT_TIMEOUT' } });
});

/** A run whose first event was years ago, as far as the record of its agent tells, which comes back after it was killed. */
async function longSince(script: unknown[], of: 'attempt' | 'job'): Promise<JobAssign> {
  const [first, ...rest] = script;
  // The line is written after the first entry was answered: a step has leave to act by then.
  const run = scripted([first, { record: logLine('answered') }, ...rest], { timeLimit: { ms: 60_000, of } });
  await assign(run);
  await vi.waitFor(() => expect(agent.outbox.run(run)?.lastSeq).toBe(2), SLOW);
  await agent.vanish();
  recordedAt(agentHome(folder, {}).outbox, new Date('2020-01-01T00:00:00.000Z'));
  startAgent(SCRIPTED);
  return run;
}
