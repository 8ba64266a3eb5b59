/** When a start is answered, and what becomes of one that is not. */
import { expect, test } from 'vitest';
import type { RunEventBody } from '@casare/shared/protocol';
import { stepCompleted, stepStarted } from '../outbox/outbox-for-tests.ts';
import { LeaveToAct } from './leave.ts';
import type { Lease } from './lease.decision.ts';

const START = stepStarted('/do/0/pay');
const ERROR = { type: 'about:blank', status: 500, title: 'undone' };
const HELD: Lease = { mono: 1_000_000, wall: 1_000_000 };
const OVER: Lease = { mono: 0, wall: 0 };

function scene(change: { lease?: Lease; acknowledged?: number | null } = {}) {
  const state = { lease: change.lease ?? HELD, acknowledged: change.acknowledged ?? null };
  const written: RunEventBody[] = [];
  const appended: (readonly RunEventBody[])[] = [];
  const order: string[] = [];
  const said: string[] = [];
  const disk: PromiseWithResolvers<void>[] = [];
  const leave = new LeaveToAct({
    lease: () => state.lease,
    now: () => ({ mono: 1, wall: 1 }),
    append: (_request, events) => {
      order.push('append');
      appended.push(events);
      return written.push(...events);
    },
    wrote: () => void order.push('wrote'),
    flush: () => {
      order.push('flush');
      const flush = Promise.withResolvers<void>();
      disk.push(flush);
      return flush.promise;
    },
    acknowledged: () => state.acknowledged,
    grant: (request, seq, until) => said.push(`${request} may act${until === null ? ' for ever' : ''}, number ${seq}`),
    refuse: (request, error) => said.push(`${request} is refused: ${(error as Error).message}`),
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { leave, state, written, appended, order, said, disk, turn };
}

test('a start is written at once and answered when it is on the disk', async () => {
  const { leave, written, said, disk, turn } = scene();
  leave.ask({ request: 7, body: START, seq: null });
  leave.reconsider();
  await turn();
  expect(written).toEqual([START]);
  expect(said).toEqual([]);
  disk[0]?.resolve();
  await turn();
  expect(said).toEqual(['7 may act, number 1']);
});

test('without a lease nothing is written; one that ended during the flush gives no leave', async () => {
  const { leave, state, written, said, disk, turn } = scene({ lease: OVER });
  leave.ask({ request: 7, body: START, seq: null });
  expect(written).toEqual([]);
  state.lease = HELD;
  leave.reconsider();
  expect(written).toEqual([START]);
  state.lease = OVER;
  disk[0]?.resolve();
  await turn();
  expect(said).toEqual([]);
  state.lease = HELD;
  leave.reconsider();
  expect(said).toEqual(['7 may act, number 1']);
});

test('what holds on a disconnect waits for the acknowledgement too; a start that asks again is not written again', async () => {
  const { leave, state, written, said, disk, turn } = scene({ acknowledged: 0 });
  leave.ask({ request: 7, body: START, seq: null });
  disk[0]?.resolve();
  await turn();
  expect(said).toEqual([]);
  state.acknowledged = 1;
  leave.reconsider();
  leave.ask({ request: 8, body: START, seq: 1 });
  expect(said).toEqual(['7 may act, number 1', '8 may act, number 1']);
  expect(written).toEqual([START]);
});

test('a flush that failed gives no leave', async () => {
  const { leave, said, disk, turn } = scene();
  leave.ask({ request: 7, body: START, seq: null });
  disk[0]?.reject(new Error('EIO'));
  await turn();
  leave.reconsider();
  expect(said).toEqual(['7 is refused: EIO']);
});

test('what is called off during its flush is recorded as undone, and never gets leave', async () => {
  const { leave, written, said, disk, turn } = scene();
  leave.ask({ request: 7, body: START, seq: null });
  expect(leave.callOff(ERROR).map(({ request }) => request)).toEqual([7]);
  expect(written.at(-1)).toMatchObject({ type: 'step.failed', position: '/do/0/pay', certain: true });
  disk[0]?.resolve();
  await turn();
  expect(said).toEqual([]);
});

test('what ended just before is written with the start; where the start has to wait, at once', () => {
  const end = stepCompleted('/do/0/look');
  const { leave, state, written, appended } = scene();
  leave.ask({ request: 7, body: START, seq: null, ended: [end] });
  expect(appended).toEqual([[end, START]]);
  state.lease = OVER;
  leave.ask({ request: 8, body: START, seq: null, ended: [end] });
  expect(appended.slice(1)).toEqual([[end]]);
  state.lease = HELD;
  leave.reconsider();
  expect(written).toEqual([end, START, end, START]);
});

test('the uplink is told of a start only after the start is on its way to the disk', () => {
  const { leave, order } = scene();
  leave.ask({ request: 7, body: START, seq: null });
  expect(order).toEqual(['append', 'flush', 'wrote']);
});

test('one that was not written leaves nothing behind when it is called off', () => {
  const { leave, written } = scene({ lease: OVER });
  leave.ask({ request: 7, body: START, seq: null });
  leave.callOff(ERROR);
  expect(written).toEqual([]);
});

test('the start of a step that acts already is written whatever the lease, and answered when it is on the disk', async () => {
  const { leave, written, said, disk, turn } = scene({ lease: OVER, acknowledged: 0 });
  leave.ask({ request: 7, body: START, seq: null, ahead: true });
  expect(written).toEqual([START]);
  expect(said).toEqual([]);
  disk[0]?.resolve();
  await turn();
  expect(said).toEqual(['7 may act, number 1']);
});

test('a step that acts already is not called off', async () => {
  const { leave, written, said, disk, turn } = scene();
  leave.ask({ request: 7, body: START, seq: null, ahead: true });
  expect(leave.callOff(ERROR)).toEqual([]);
  disk[0]?.resolve();
  await turn();
  expect(written).toEqual([START]);
  expect(said).toEqual(['7 may act, number 1']);
});

test('when a start does not get to the disk, nothing more gets leave; what acts already is on record', async () => {
  const { leave, written, said, disk, turn } = scene();
  leave.ask({ request: 7, body: START, seq: null, ahead: true });
  disk[0]?.reject(new Error('EIO'));
  await turn();
  leave.ask({ request: 8, body: START, seq: null });
  leave.ask({ request: 9, body: START, seq: null, ahead: true });
  expect(said).toEqual(['7 is refused: EIO', '8 is refused: EIO', '9 is refused: EIO']);
  expect(written).toEqual([START, START]);
});

test('a start that a probe can tell about is on the disk too, and waits for no lease', async () => {
  const { leave, said, disk, turn } = scene({ lease: OVER, acknowledged: 0 });
  leave.ask({ request: 7, body: stepStarted('/do/0/upload', 'verify'), seq: null });
  await turn();
  expect(said).toEqual([]);
  disk[0]?.resolve();
  await turn();
  expect(said).toEqual(['7 may act for ever, number 1']);
});
