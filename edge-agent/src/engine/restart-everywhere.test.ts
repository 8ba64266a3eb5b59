/** A workflow of every kind of task, killed at every boundary of its record: it ends with the right state each time. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { allTasks } from '@casare/shared/workflow';
import { removeRunFolders, runIt } from './engine-for-tests.ts';
import { MANY_STEPS_OUTPUT, manySteps, ManyStepsWorld, PAID_ONCE } from './many-steps-for-tests.ts';
import { runUntilEnd } from './resuming-for-tests.ts';

type Started = Extract<RunEventBody, { type: 'step.started' }>;

afterAll(removeRunFolders);

/** Starts of steps that a person decides about, and that have no end. */
function openSteps(journal: readonly RunEvent[]): Started[] {
  const open = new Map<string, Started>();
  for (const { body } of journal) {
    if (body.type === 'step.started' && body.onRestart === 'suspend') open.set(body.position, body);
    if (body.type === 'step.completed' || body.type === 'step.failed') open.delete(body.position);
  }
  return [...open.values()];
}

/** Whoever looked says that the step took effect: what a review writes. */
function settled(journal: readonly RunEvent[], step: Started, output: string): RunEvent[] {
  const body: RunEventBody = {
    ...{ type: 'step.completed', path: step.path, position: step.position, output, durationMs: 0 },
    settledBy: 'anna',
  };
  return [...journal, { seq: journal.length + 1, at: new Date(0).toISOString(), body }];
}

/** Runs with these deaths, and lets a person decide where one is asked; the number of times it was. */
async function endsRightly(deaths: readonly number[], ahead = 0): Promise<number> {
  const document = manySteps();
  const world = new ManyStepsWorld();
  let ran = await runUntilEnd(document, { ...world.setup(), ahead }, deaths);
  let asked = 0;
  while (ran.ending.type === 'run.suspended' && asked < deaths.length) {
    const { position } = ran.ending;
    const open = openSteps(ran.journal);
    const step = open.find((one) => one.position === position);
    if (step === undefined) throw new Error(`suspended at ${position}, which is in no doubt: ${ran.ending.reason}`);
    asked += 1;
    // The unsafe steps pay; the last payment is the one in doubt.
    const journal = settled(ran.journal, step, world.payments.at(-1) ?? '');
    const more = await runIt(document, { ...world.setup(), ahead, journal });
    ran = { ...more, journal: [...journal, ...more.events] };
  }
  expect(ran.ending, `after ${deaths.join(', ')}`).toEqual({ type: 'run.completed', output: MANY_STEPS_OUTPUT });
  const unsafe = world.payments.filter((to) => to !== 'keyed');
  expect(unsafe.toSorted(), `after ${deaths.join(', ')}`).toEqual(PAID_ONCE.toSorted());
  expect(world.submitted).toBe(1);
  expect([...world.written].sort()).toEqual(['anna', 'before', 'bert', 'chosen', 'right']);
  expect(world.payments).toContain('keyed');
  return asked;
}

describe('a workflow of every kind of task', () => {
  it('has more than thirty tasks, of every kind, effect and rule', async () => {
    const document = manySteps();
    expect([...allTasks(document)].length).toBeGreaterThanOrEqual(30);
    const { bodies } = await runIt(document, new ManyStepsWorld().setup());
    const starts = bodies.filter((body): body is Started => body.type === 'step.started');
    const distinct = (values: readonly (string | undefined)[]): string[] =>
      [...new Set(values)].flatMap((value) => value ?? []).sort();
    expect(distinct(starts.map(({ task }) => task))).toEqual(
      ['call', 'do', 'emit', 'for', 'fork', 'raise', 'run', 'set', 'switch', 'try', 'wait'].sort(),
    );
    const calls = starts.filter(({ call }) => call !== undefined);
    expect(distinct(calls.map(({ effect }) => effect))).toEqual(['checkable', 'idempotent', 'unsafe']);
    expect(distinct(calls.map(({ onRestart }) => onRestart))).toEqual(['rerun', 'restartScope', 'suspend', 'verify']);
  });

  it.each([
    ['each event is waited for', 0],
    ['it runs ahead of what steers', 100],
  ])('ends with the right state wherever it is killed: %s', async (_what, ahead) => {
    const { events } = await runIt(manySteps(), new ManyStepsWorld().setup());
    let asked = 0;
    for (let dieAfter = 0; dieAfter < events.length; dieAfter += 1) asked += await endsRightly([dieAfter], ahead);
    // Once for each unsafe step: between its deed and the record of it.
    expect(asked).toBe(PAID_ONCE.length);
  });

  it('ends with the right state however often it is killed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(90), { minLength: 2, maxLength: 5 }), fc.boolean(), async (deaths, isAhead) => {
        await endsRightly(deaths, isAhead ? 100 : 0);
      }),
      { numRuns: 15 },
    );
  });
});
