/** A step that begins again, after a worker that died or by a retry, is listed once for each time, and each ended as it ended. */
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { isRefusal } from '../platform/refusal.ts';
import { jobsHarness, type JobsHarness } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const where = { path: '/do/0/read', position: '/do/0/read' };
const running: RunEventBody = { type: 'run.started', resumed: false };
const started: RunEventBody = {
  ...{ type: 'step.started', ...where, name: 'read', task: 'call', call: 'data.json.read:1.0.0' },
  ...{ effect: 'idempotent', onRestart: 'rerun' },
};
const completed: RunEventBody = { type: 'step.completed', ...where, output: { rows: 3 }, durationMs: 4 };
const failed: RunEventBody = {
  ...{ type: 'step.failed', ...where, certain: true, durationMs: 2 },
  error: { type: 'about:blank', status: 503 },
};

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness();
  await h.jobs.start();
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

/** What is listed after these events came in these batches. */
async function listed(name: string, ...batches: (readonly RunEventBody[])[]) {
  const agent = await h.agent(name);
  const id = await h.submit(await h.workflow(name));
  await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
  let seq = 0;
  for (const bodies of batches) {
    const events: RunEvent[] = bodies.map((body) => ({ seq: (seq += 1), at, body }));
    expect(await h.jobs.runs.record(agent, id, 1, events)).toMatchObject({ outcome: 'acked' });
  }
  const steps = await h.jobs.query.steps('default', id, { limit: 10 });
  if (isRefusal(steps)) throw new Error(steps.code);
  return steps.items.map((step) => [step.state, step.durationMs, step.output, step.error?.status ?? null]);
}

const INTERRUPTED = ['interrupted', null, null, null];
const COMPLETED = ['completed', 4, { rows: 3 }, null];
const FAILED = ['failed', 2, null, 503];

test('of a worker that died with the step under way: interrupted, then completed once', async () => {
  const steps = await listed('died', [running, started], [started], [started, completed]);
  expect(steps).toEqual([INTERRUPTED, INTERRUPTED, COMPLETED]);
});

test.each([
  ['one after the other', [[running, started], [failed], [started], [completed]]],
  ['all at once', [[running, started, failed, started, completed]]],
  ['the second end with another step', [[running, started, failed, started], [completed]]],
])('of a retry: as each of them ended, %s', async (name, batches) => {
  expect(await listed(name.replaceAll(' ', '-'), ...batches)).toEqual([FAILED, COMPLETED]);
});
