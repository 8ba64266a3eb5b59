/** Runs that people let stand still: whose word holds, and what is said of it. */
import { expect, test, vi } from 'vitest';
import { assignment } from '../outbox/outbox-for-tests.ts';
import {
  agent,
  assign,
  ended,
  peer,
  REAL,
  scripted,
  SCRIPTED,
  SLOW,
  startAgent,
  types,
} from './supervised-for-tests.ts';

test('pause: the worker is told in the order of the words, whatever order they come in', async () => {
  startAgent(SCRIPTED);
  const run = scripted([{ record: { type: 'run.started', resumed: false } }, 'wait for pause', 'complete']);
  await assign(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1), SLOW);
  const key = { jobId: run.jobId, attempt: 1 };
  peer.send({ type: 'job.pause', ...key, word: 3 });
  await vi.waitFor(() => expect(types(peer.eventsOf(run))).toEqual(['run.started', 'run.paused']), SLOW);
  // An earlier word, held up on its way.
  peer.send({ type: 'job.resume', ...key, word: 2 });
  peer.send({ type: 'job.resume', ...key, word: 4 });
  peer.send({ type: 'job.pause', ...key, word: 3 });
  expect(types(await ended(run))).toEqual(['run.started', 'run.paused', 'run.resumed', 'run.completed']);
  expect(agent.audited).toEqual(['run.accepted', 'run.paused', 'run.resumed', 'run.ended']);
  expect(peer.hellos[0]).toMatchObject({ pauses: true });
});

test('pause: a run that is taken up again by a welcome that says so stands still', async () => {
  peer.verdicts = (hello) =>
    hello.runs.map(({ jobId, attempt }) => ({
      ...{ jobId, attempt, verdict: 'continue', ackedSeq: 0, secrets: {}, cancelling: false },
      pause: { word: 1, paused: true },
    }));
  startAgent(REAL);
  const run = assignment({}, [{ rest: { wait: { seconds: 1 } } }, { done: { set: { x: 1 } } }]);
  await assign(run);
  await vi.waitFor(() => expect(types(peer.eventsOf(run))).toContain('step.started'), SLOW);
  peer.cut();
  await vi.waitFor(() => expect(types(peer.eventsOf(run))).toContain('run.paused'), SLOW);
  peer.send({ type: 'job.resume', jobId: run.jobId, attempt: 1, word: 2 });
  expect(types(await ended(run))).toEqual(expect.arrayContaining(['run.paused', 'run.resumed', 'run.completed']));
});

test('pause: of a run that stands still when the agent starts anew nothing is audited until it goes on', async () => {
  const { run, key, held } = await standing();
  expect(agent.audited).toEqual(['run.accepted', 'run.paused']);
  await agent.vanish();
  peer.verdicts = () => [{ ...held, pause: { word: 1, paused: true } }];
  startAgent(SCRIPTED);
  // Its worker begins anew, and stands still again.
  const stood = (): string[] => types(peer.eventsOf(run)).filter((type) => type === 'run.paused');
  await vi.waitFor(() => expect(stood()).toHaveLength(2), SLOW);
  expect(agent.audited).toEqual([]);
  peer.send({ type: 'job.resume', ...key, word: 2 });
  await ended(run);
  expect(agent.audited).toEqual(['run.resumed', 'run.ended']);
});

test('pause: a run that was taken up while the agent was away is audited once the agent hears of it', async () => {
  const { held } = await standing();
  await agent.vanish();
  peer.verdicts = () => [{ ...held, pause: { word: 2, paused: false } }];
  startAgent(SCRIPTED);
  await vi.waitFor(() => expect(agent.audited).toEqual(['run.resumed']), SLOW);
});

/** A run that stands still by the first word, and what a welcome says of it. */
async function standing() {
  startAgent(SCRIPTED);
  const run = scripted([{ record: { type: 'run.started', resumed: false } }, 'wait for pause', 'complete']);
  await assign(run);
  const key = { jobId: run.jobId, attempt: 1 };
  peer.send({ type: 'job.pause', ...key, word: 1 });
  await vi.waitFor(() => expect(types(peer.eventsOf(run))).toContain('run.paused'), SLOW);
  const held = { ...key, verdict: 'continue', ackedSeq: 2, secrets: {}, cancelling: false } as const;
  return { run, key, held };
}
