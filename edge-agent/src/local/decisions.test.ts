/** Where a local run waits for its author, and where it goes on in the last one. */
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { describe, expect, it } from 'vitest';
import { StepDoubles } from '../engine/engine-for-tests.ts';
import { journalBefore, rememberingSteps } from './from.decision.ts';
import { pausesAt, readAnswer } from './pause.decision.ts';

const started = (name: string, call?: string): Extract<RunEventBody, { type: 'step.started' }> => ({
  ...{
    type: 'step.started',
    path: `/do/0/${name}`,
    position: `/do/0/${name}`,
    name,
    task: call === undefined ? 'for' : 'call',
  },
  ...{ effect: 'idempotent', onRestart: 'rerun' },
  ...(call === undefined ? {} : { call }),
});
const numbered = (...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: index + 1, at: '2026-01-01T00:00:00.000Z', body }));

describe('a pause', () => {
  it.each<[string, boolean, string[], boolean]>([
    ['a step, at every step', true, [], true],
    ['a step, where none is wanted', false, [], false],
    ['a step, by its name', false, ['save'], true],
    ['a step, by its call', false, ['browser.click'], true],
    ['a step, by its path', false, ['/do/0/save'], true],
    ['a step, at another', false, ['open', 'browser.open'], false],
  ])('%s', (_, every, at, pauses) => {
    expect(pausesAt({ every, at }, started('save', 'browser.click:1.0.0'))).toBe(pauses);
  });

  it('passes over tasks that only hold others, unless they are named', () => {
    expect(pausesAt({ every: true, at: [] }, started('rows'))).toBe(false);
    expect(pausesAt({ every: false, at: ['rows'] }, started('rows'))).toBe(true);
  });

  it.each([
    ['', 'next'],
    ['c', 'go'],
    [' Q ', 'quit'],
    [null, 'quit'],
    ['i', 'input'],
    ['what', 'help'],
  ] as const)('reads %j as %s', (answer, said) => {
    expect(readAnswer(answer)).toBe(said);
  });
});

describe('going on from a task', () => {
  const journal = numbered({ type: 'run.started', resumed: false }, started('a', 'x:1.0.0'), started('b', 'y:1.0.0'));

  it('takes what was recorded before it', () => {
    expect(journalBefore(journal, 'b')).toHaveLength(2);
    expect(journalBefore(journal, '/do/0/a')).toHaveLength(1);
    expect(journalBefore(journal, 'c')).toBeNull();
  });

  it('remembers the outcome of steps that act, also in a session, and does the others again', () => {
    const session = { slot: 'browser', needsSession: true } as const;
    const steps = rememberingSteps(
      new StepDoubles()
        .add('click', { effect: 'unsafe', ...session }, () => null)
        .add('open', { effect: 'idempotent', ...session }, () => null),
    );
    expect(steps.find('click')?.declaration).toMatchObject({ slot: 'plain', needsSession: false });
    expect(steps.find('open')?.declaration).toMatchObject(session);
    expect(steps.find('click')).toBe(steps.find('click'));
    expect(steps.find('nothing')).toBeNull();
  });
});
