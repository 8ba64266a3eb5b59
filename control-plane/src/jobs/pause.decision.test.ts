/** A pause against everything else that may have happened to a job first. */
import type { JobState } from '@casare/shared/api';
import { describe, expect, it, test } from 'vitest';
import { JOB } from './job.lifecycle.ts';
import { isPauseWanted, pause, resume, wishOf } from './pause.decision.ts';

const STATES = Object.keys(JOB) as JobState[];
const lease = (pauseWord: number, agentPauses = true) => ({ pauseWord, agentPauses });

describe('a pause', () => {
  it('holds back what waits, and nothing else that is not out', () => {
    const held = STATES.filter((state) => pause(state, null).do === 'move');
    expect(held).toEqual(['pending']);
    expect(pause('paused', null)).toEqual({ do: 'nothing' });
    expect(STATES.filter((state) => pause(state, null).do === 'refuse')).toEqual(
      STATES.filter((state) => !['pending', 'paused'].includes(state)),
    );
  });

  test.each(['leased', 'running', 'paused'] as const)('of a job that is %s tells its agent, once', (state) => {
    expect(pause(state, lease(0))).toEqual({ do: 'tell', word: 1 });
    expect(pause(state, lease(2))).toEqual({ do: 'tell', word: 3 });
    expect(pause(state, lease(3))).toEqual({ do: 'nothing' });
  });

  it('comes too late for what is cancelled, asked about or over', () => {
    for (const state of ['cancelling', 'needs_review', 'succeeded', 'failed'] as const) {
      expect(pause(state, lease(0))).toEqual({ do: 'refuse' });
      expect(resume(state, lease(1))).toEqual({ do: 'refuse' });
    }
  });

  it('is refused for an agent that would not understand, unless it was asked for already', () => {
    expect(pause('running', lease(0, false))).toEqual({ do: 'cannot' });
    expect(pause('running', lease(1, false))).toEqual({ do: 'nothing' });
  });
});

describe('a resume', () => {
  it('lets what is held back go, and tells the agent of what is out', () => {
    expect(resume('paused', null)).toEqual({ do: 'move', event: 'release' });
    expect(resume('paused', lease(1))).toEqual({ do: 'tell', word: 2 });
    // Before the run stood still.
    expect(resume('running', lease(3))).toEqual({ do: 'tell', word: 4 });
  });

  it('of what is not paused is nothing', () => {
    expect(resume('pending', null)).toEqual({ do: 'nothing' });
    expect(resume('running', lease(0))).toEqual({ do: 'nothing' });
    expect(resume('paused', lease(2))).toEqual({ do: 'nothing' });
    expect(resume('failed', null)).toEqual({ do: 'refuse' });
  });
});

test('words are counted, and every other one is a pause', () => {
  expect([0, 1, 2, 3].map((pauseWord) => isPauseWanted({ pauseWord }))).toEqual([false, true, false, true]);
  expect(wishOf({ pauseWord: 0 })).toBeNull();
  expect(wishOf({ pauseWord: 3 })).toEqual({ word: 3, paused: true });
  expect(wishOf({ pauseWord: 4 })).toEqual({ word: 4, paused: false });
});
