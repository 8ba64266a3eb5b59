/** A job that its control plane tries again: what failed runs anew, what was done is not done twice. */
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '@casare/shared/protocol';
import { StepFailure } from './errors.ts';
import { ManualClock, removeRunFolders, runIt, StepDoubles, type Ran } from './engine-for-tests.ts';

const HEAD = 'document: { dsl: 1.0.3, namespace: n, name: w, version: 1.0.0 }\n';
const unsafe = { effect: 'unsafe' } as const;
const down = (detail: string) =>
  new StepFailure({ type: 'communication', status: 503, title: 'Down', detail, certain: true });

afterAll(removeRunFolders);

/** Attempts of one job, each with the journal of all before it. */
async function attempts(
  document: string,
  steps: StepDoubles,
  count: number,
  clock = new ManualClock(),
): Promise<Ran[]> {
  const all: Ran[] = [];
  const journal: RunEvent[] = [];
  for (let attempt = 1; attempt <= count; attempt++) {
    const ran = await runIt(document, { steps, clock, journal: [...journal] });
    journal.push(...ran.events);
    all.push(ran);
  }
  return all;
}

describe('a retried job', () => {
  it('runs the step that failed again, and no step that was completed', async () => {
    let failures = 2;
    const steps = new StepDoubles()
      .add('test.click', unsafe, () => 'clicked')
      .add('test.read', {}, () => {
        if (failures-- > 0) throw down('the list');
        return 'read';
      });
    const document = `${HEAD}do:\n  - a: { call: test.click }\n  - in:\n      do:\n        - b: { call: test.read }\n`;
    const ran = await attempts(document, steps, 3);
    expect(ran.map(({ ending }) => ending.type)).toEqual(['run.failed', 'run.failed', 'run.completed']);
    expect(steps.of('test.click')).toHaveLength(1);
    expect(steps.of('test.read')).toHaveLength(3);
  });

  it('takes the same way past an error that was caught, although it is the same error', async () => {
    let broken = true;
    const steps = new StepDoubles()
      .add('test.try', {}, () => {
        throw down('the same');
      })
      .add('test.need', {}, () => {
        if (broken) throw down('the same');
        return 'ok';
      });
    const caught = '- a: { try: [{ x: { call: test.try } }], catch: { do: [{ y: { set: { handled: true } } }] } }';
    const document = `${HEAD}do:\n  ${caught}\n  - b: { call: test.need }\n`;
    const journal: RunEvent[] = [];
    const first = await runIt(document, { steps });
    journal.push(...first.events);
    broken = false;
    const second = await runIt(document, { steps, journal });
    expect([first.ending.type, second.ending.type]).toEqual(['run.failed', 'run.completed']);
    expect(steps.of('test.try')).toHaveLength(1);
    expect(steps.of('test.need')).toHaveLength(2);
  });

  it('gives a try whose attempts were used up one more', async () => {
    let failures = 3;
    const steps = new StepDoubles().add('test.read', {}, () => {
      if (failures-- > 0) throw down('the list');
      return 'read';
    });
    const policy = 'retry: { delay: PT1S, limit: { attempt: { count: 2 } } }';
    const document = `${HEAD}do:\n  - t: { try: [{ b: { call: test.read } }], catch: { ${policy} } }\n`;
    const ran = await attempts(document, steps, 2);
    expect(ran.map(({ ending }) => ending.type)).toEqual(['run.failed', 'run.completed']);
    expect(steps.of('test.read').map(({ position }) => position)).toEqual([
      '/do/0/t{1}/try/0/b',
      '/do/0/t{2}/try/0/b',
      '/do/0/t{3}/try/0/b',
      '/do/0/t{3}/try/0/b',
    ]);
  });

  it('has the time of the document anew', async () => {
    const clock = new ManualClock();
    let broken = true;
    const steps = new StepDoubles().add('test.read', {}, () => {
      if (broken) throw down('the list');
      return 'read';
    });
    const document = `${HEAD}do:\n  - b: { call: test.read }\n  - s: { set: { at: '\${ $workflow.startedAt.iso8601 }' } }\n`;
    const first = await runIt(document, { steps, clock });
    await clock.sleep(3_600_000, new AbortController().signal);
    broken = false;
    const later = new Date(clock.now()).toISOString();
    const second = await runIt(document, { steps, clock, journal: first.events });
    expect(second.ending).toMatchObject({ type: 'run.completed', output: { at: later } });
  });
});
