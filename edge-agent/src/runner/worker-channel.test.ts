import type { RunEventBody } from '@casare/shared/protocol';
import { expect, test } from 'vitest';
import type { Instant } from '../clock.ts';
import type { FromWorker } from './ipc.ts';
import { WorkerChannel } from './worker-channel.ts';

const STARTED: RunEventBody = {
  type: 'step.started',
  path: '/do/0/click',
  position: '/do/0/click',
  name: 'click',
  task: 'call',
  effect: 'unsafe',
  onRestart: 'suspend',
};
const UNTIL = { mono: 1_000, wall: 5_000 };
const DUTIES = { start: () => undefined, cancel: () => undefined };

/** What a worker asks when its leave comes at `now`, in order; the second leave is good for ever. */
async function asked(now: Instant): Promise<string[]> {
  const types: string[] = [];
  const channel: WorkerChannel = new WorkerChannel(
    (raw) => {
      const { type, request } = raw as Extract<FromWorker, { type: 'record' | 'late' }>;
      types.push(type);
      const actBefore = type === 'record' ? UNTIL : { mono: 1e9, wall: 1e9 };
      channel.receive({ type: 'recorded', request, seq: 1, actBefore }, DUTIES);
    },
    () => now,
  );
  await channel.record(STARTED);
  return types;
}

test.each([
  ['in time', { mono: 999, wall: 4_999 }, ['record']],
  ['stood still: both clocks went on', { mono: 2_000, wall: 6_000 }, ['record', 'late']],
  ['the machine slept: only the wall clock went on', { mono: 10, wall: 6_000 }, ['record', 'late']],
  ['stood still, and the wall clock was set back meanwhile', { mono: 2_000, wall: 1_000 }, ['record', 'late']],
])('a leave is judged on both clocks: %s', async (_, now, types) => {
  expect(await asked(now)).toEqual(types);
});
