/** Pauses between steps, on real documents: what is under way ends, nothing starts, and the run goes on where it stood. */
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { afterAll, expect, test, vi } from 'vitest';
import { ManualClock, removeRunFolders, runIt, StepDoubles } from './engine-for-tests.ts';
import { PauseSwitch } from './pause.ts';

afterAll(removeRunFolders);

const THREE = `do: [one: { call: work, with: {} }, two: { call: work, with: {} }, three: { call: work, with: {} }]`;
const short = (events: readonly RunEvent[]): string[] =>
  events.map(({ body }) => ('position' in body ? `${body.type} ${body.position.split('/').at(-1)}` : body.type));

/** Steps whose ends a test decides. */
function gated(): { steps: StepDoubles; release: () => void; begun: () => number } {
  const open: (() => void)[] = [];
  const steps = new StepDoubles().add('work', {}, () => new Promise<null>((done) => open.push(() => done(null))));
  return { steps, release: () => open.shift()?.(), begun: () => steps.calls.length };
}

const last = (events: readonly RunEvent[], type: RunEventBody['type']): Promise<void> =>
  vi.waitFor(() => expect(events.at(-1)?.body.type).toBe(type));

test('the step under way ends, no further one starts, and every step is done once', async () => {
  const { steps, release, begun } = gated();
  const pause = new PauseSwitch();
  const events: RunEvent[] = [];
  const run = runIt(THREE, { steps, pause, ahead: 100 }, events);
  await vi.waitFor(() => expect(begun()).toBe(1));
  pause.set(true);
  expect(short(events)).not.toContain('run.paused');
  release();
  await last(events, 'run.paused');
  expect(short(events)).toEqual(['run.started', 'step.started one', 'step.completed one', 'run.paused']);
  // Said twice it is said once, and nothing begins meanwhile.
  pause.set(true);
  expect(begun()).toBe(1);
  pause.set(false);
  await vi.waitFor(() => expect(begun()).toBe(2));
  release();
  await vi.waitFor(() => expect(begun()).toBe(3));
  release();
  expect((await run).ending.type).toBe('run.completed');
  expect(short(events).slice(3)).toEqual([
    ...['run.paused', 'run.resumed', 'step.started two', 'step.completed two'],
    ...['step.started three', 'step.completed three', 'run.completed'],
  ]);
});

test('a pause that is taken back before the run stood still leaves no trace', async () => {
  const { steps, release, begun } = gated();
  const pause = new PauseSwitch();
  const events: RunEvent[] = [];
  const run = runIt(`do: [one: { call: work, with: {} }]`, { steps, pause }, events);
  await vi.waitFor(() => expect(begun()).toBe(1));
  pause.set(true);
  pause.set(false);
  release();
  await run;
  expect(short(events)).not.toContain('run.paused');
});

test('a fork is paused when each of its branches stands still', async () => {
  const { steps, release, begun } = gated();
  const pause = new PauseSwitch();
  const events: RunEvent[] = [];
  const branch = (name: string) => `${name}: { do: [a: { call: work, with: {} }, b: { call: work, with: {} }] }`;
  const document = `do: [both: { fork: { branches: [${branch('left')}, ${branch('right')}] } }, after: { set: { x: 1 } }]`;
  const run = runIt(document, { steps, pause }, events);
  await vi.waitFor(() => expect(begun()).toBe(2));
  pause.set(true);
  release();
  await last(events, 'step.completed');
  expect(short(events)).not.toContain('run.paused');
  release();
  await last(events, 'run.paused');
  expect(begun()).toBe(2);
  pause.set(false);
  await vi.waitFor(() => expect(begun()).toBe(4));
  // The end of one branch is not the end of the other, and the task after the fork counts again.
  release();
  await last(events, 'step.completed');
  pause.set(true);
  release();
  await last(events, 'run.paused');
  expect(short(events)).toContain('step.completed both');
  expect(short(events)).not.toContain('step.started after');
  pause.set(false);
  expect((await run).ending.type).toBe('run.completed');
});

test('who only waits for a time does not keep the run from being paused, and what comes after it waits', async () => {
  let over: () => void = () => undefined;
  class SlowClock extends ManualClock {
    override sleep(): Promise<void> {
      return new Promise((done) => (over = done));
    }
  }
  const steps = new StepDoubles().add('work', {}, () => null);
  const pause = new PauseSwitch();
  const events: RunEvent[] = [];
  const run = runIt(
    `do: [rest: { wait: PT1H }, one: { call: work, with: {} }]`,
    { steps, pause, clock: new SlowClock() },
    events,
  );
  await last(events, 'step.started');
  pause.set(true);
  await last(events, 'run.paused');
  over();
  await last(events, 'step.completed');
  expect(steps.calls).toEqual([]);
  pause.set(false);
  await run;
  expect(short(events).slice(-4)).toEqual([
    ...['run.resumed', 'step.started one', 'step.completed one', 'run.completed'],
  ]);
});

test('a cancel reaches a run that stands still', async () => {
  const pause = new PauseSwitch();
  const cancel = new AbortController();
  const events: RunEvent[] = [];
  pause.set(true);
  const run = runIt(THREE, { steps: gated().steps, pause, signal: cancel.signal }, events);
  await last(events, 'run.paused');
  cancel.abort(new Error('enough'));
  expect((await run).ending).toEqual({ type: 'run.cancelled', reason: 'enough' });
  expect(short(events)).toEqual(['run.started', 'run.paused', 'run.cancelled']);
});

test('a run that is started anew while it is paused stands still until it is told, and says so once', async () => {
  const { steps, release, begun } = gated();
  const pause = new PauseSwitch();
  const first: RunEvent[] = [];
  pause.set(true);
  void runIt(THREE, { steps, pause }, first).catch(() => undefined);
  await last(first, 'run.paused');
  const again = new PauseSwitch();
  again.set(true);
  const events: RunEvent[] = [];
  const run = runIt(THREE, { steps, pause: again, journal: first }, events);
  await last(events, 'run.started');
  await new Promise((resolve) => setImmediate(resolve));
  expect(short(events)).toEqual(['run.started']);
  again.set(false);
  for (const count of [1, 2, 3]) {
    await vi.waitFor(() => expect(begun()).toBe(count));
    release();
  }
  await run;
  expect(short(events).slice(0, 3)).toEqual(['run.started', 'run.resumed', 'step.started one']);
});

test('one whose pause was taken back while nothing of it ran says that before it goes on', async () => {
  const steps = new StepDoubles().add('work', {}, () => null);
  const journal: RunEvent[] = [
    { seq: 1, at: '2026-05-01T00:00:00.000Z', body: { type: 'run.started', resumed: false } },
    { seq: 2, at: '2026-05-01T00:00:00.000Z', body: { type: 'run.paused' } },
  ];
  const { events } = await runIt(THREE, { steps, journal });
  expect(short(events).slice(0, 3)).toEqual(['run.started', 'run.resumed', 'step.started one']);
});

test('what cannot be recorded ends a run that stands still', async () => {
  const pause = new PauseSwitch();
  pause.set(true);
  await expect(runIt(THREE, { steps: gated().steps, pause, dieAfter: 1 })).rejects.toThrow('run.paused');
});
