/** Recording on a real database: what one agent sends harms no other, and what is acknowledged is what was sent. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const completed: RunEventBody = { type: 'run.completed', output: {} };
const where = { path: '/do/0/act', position: '/do/0/act' };
const step: RunEventBody = {
  ...{ type: 'step.started', ...where, name: 'act', task: 'wait', effect: 'idempotent', onRestart: 'rerun' },
};
const numbered = (...bodies: RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ seq: index + 1, at, body }));

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness();
  await h.jobs.start();
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

async function running(name: string): Promise<{ agent: TestAgent; id: string }> {
  const agent = await h.agent(name);
  const workflow = await h.workflow(name);
  const id = await h.submit(workflow);
  await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
  return { agent, id };
}

describe('recording', () => {
  it('answers others as if nothing were wrong when one of the batch cannot be stored', async () => {
    const [bad, good] = [await running('bad'), await running('good')];
    const impossible = numbered(started).map((event) => ({ ...event, at: '0000-01-01T00:00:00Z' }));
    const [refused, kept] = await Promise.all([
      h.jobs.runs.record(bad.agent, bad.id, 1, impossible),
      h.jobs.runs.record(good.agent, good.id, 1, numbered(started, completed)),
    ]);
    expect(refused).toMatchObject({ outcome: 'broken' });
    expect(kept).toEqual({ outcome: 'acked', seq: 2 });
    expect(await h.jobs.query.job('default', good.id)).toMatchObject({ state: 'succeeded' });
    expect(await h.jobs.query.job('default', bad.id)).toMatchObject({ state: 'leased' });
  });

  it('keeps a step that took two months', async () => {
    const { agent, id } = await running('slow');
    const durationMs = 60 * 86_400_000;
    const done: RunEventBody = { type: 'step.completed', ...where, output: null, durationMs };
    expect(await h.jobs.runs.record(agent, id, 1, numbered(started, step, done))).toEqual({ outcome: 'acked', seq: 3 });
    expect(await h.jobs.query.steps('default', id, { limit: 5 })).toMatchObject({ items: [{ durationMs }] });
  });

  it('says of a step with what it was called and what it saw, as long as that is on record', async () => {
    const { agent, id } = await running('seen');
    const seen = { page: { url: 'https://portal.test/', title: 'Portal' } };
    const input = { target: 'button "Save"' };
    const at2 = { path: '/do/1/other', position: '/do/1/other' };
    const error = { type: 'about:blank', status: 400 };
    const events = numbered(
      ...[started, { ...step, input } as RunEventBody, { ...step, ...at2 } as RunEventBody],
      { type: 'step.failed', ...at2, error, certain: true, durationMs: 1 },
      { type: 'step.completed', ...where, output: 1, durationMs: 1, seen },
    );
    await h.jobs.runs.record(agent, id, 1, events.slice(0, 3));
    const before = await h.jobs.query.steps('default', id, { limit: 5 });
    expect(before).toMatchObject({ items: [{ input, seen: undefined, state: 'running' }, { input: undefined }] });
    await h.jobs.runs.record(agent, id, 1, events);
    const after = await h.jobs.query.steps('default', id, { limit: 5 });
    expect(after).toMatchObject({
      items: [
        { input, seen, output: 1 },
        { state: 'failed', seen: undefined },
      ],
    });
  });

  it('acknowledges nothing that the agent did not send', async () => {
    const { agent, id } = await running('doubted');
    const unsafe = { ...step, effect: 'unsafe', onRestart: 'suspend' } as RunEventBody;
    const suspended: RunEventBody = { type: 'run.suspended', position: where.position, reason: 'in doubt' };
    const sent = numbered(started, unsafe, suspended);
    await h.jobs.runs.record(agent, id, 1, sent);
    await h.jobs.steer.review(h.by, id, { decision: 'continue', output: {}, reason: 'I saw it' });
    // The person's word is event 4 of the same attempt.
    expect(await h.jobs.runs.record(agent, id, 1, sent)).toEqual({ outcome: 'acked', seq: 3 });
  });
});
