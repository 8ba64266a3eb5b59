import type { RunEventBody } from '@casare/shared/protocol';
import { expect, test } from 'vitest';
import type { Instant } from '../clock.ts';
import { StoredAssignment } from '../outbox/index.ts';
import { assignment, stepCompleted } from '../outbox/outbox-for-tests.ts';
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
const DUTIES = { start: () => undefined, cancel: () => undefined, pause: () => undefined };

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

/** What a worker says, as it says it; everything is answered at once. */
function said(): { messages: FromWorker[]; channel: WorkerChannel } {
  const messages: FromWorker[] = [];
  const channel: WorkerChannel = new WorkerChannel((raw) => {
    const message = raw as FromWorker;
    messages.push(message);
    if ('request' in message) channel.receive({ type: 'recorded', request: message.request, seq: 1 }, DUTIES);
  });
  return { messages, channel };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a step goes ahead by a leave that lasts, one at a time, and never without one', async () => {
  let now: Instant = { mono: 0, wall: 0 };
  const messages: FromWorker[] = [];
  const channel = new WorkerChannel(
    (raw) => messages.push(raw as FromWorker),
    () => now,
  );
  const answer = (request: number): void =>
    channel.receive({ type: 'recorded', request, seq: 1, actBefore: UNTIL }, DUTIES);
  expect(channel.mayGoAhead).toBe(false);
  const first = channel.record(STARTED);
  answer(1);
  await first;
  expect(channel.mayGoAhead).toBe(true);
  const second = channel.record(STARTED, true);
  expect(messages.at(-1)).toEqual({ type: 'record', request: 2, body: STARTED, ahead: true });
  expect(channel.mayGoAhead).toBe(false);
  answer(2);
  await second;
  expect(channel.mayGoAhead).toBe(true);
  now = { mono: 0, wall: 5_000 };
  expect(channel.mayGoAhead).toBe(false);
});

test('under hold nothing goes ahead', async () => {
  const channel: WorkerChannel = new WorkerChannel(
    () => undefined,
    () => ({ mono: 0, wall: 0 }),
  );
  const plain = StoredAssignment.parse({ ...assignment(), onDisconnect: 'hold' });
  const start = { type: 'start', assignment: plain, secrets: {}, journal: [], runFolder: '/run', policy: {} };
  channel.receive(JSON.parse(JSON.stringify(start)), DUTIES);
  const asked = channel.record(STARTED);
  channel.receive({ type: 'recorded', request: 1, seq: 1, actBefore: UNTIL }, DUTIES);
  await asked;
  expect(channel.mayGoAhead).toBe(false);
});

test('the end of a step and the start of the next go in one message, in their order, and both are answered', async () => {
  const { messages, channel } = said();
  const ends = [channel.record(stepCompleted('/do/0')), channel.record(stepCompleted('/do/1'))];
  const start = channel.record(STARTED);
  const ended = [stepCompleted('/do/0'), stepCompleted('/do/1')];
  expect(messages).toEqual([{ type: 'record', request: 1, body: STARTED, ended }]);
  await Promise.all([...ends, start]);
  await turn();
  expect(messages).toHaveLength(1);
});

test('an end is not held back beyond its turn: what runs next finds it sent', async () => {
  const { messages, channel } = said();
  const end = channel.record(stepCompleted('/do/0'));
  await Promise.resolve();
  expect(messages).toEqual([]);
  await turn();
  expect(messages).toEqual([{ type: 'record', request: 1, body: stepCompleted('/do/0'), ended: [] }]);
  await end;
});

test('nothing overtakes an end that is held back', () => {
  const { messages, channel } = said();
  void channel.record(stepCompleted('/do/0'));
  channel.broken('ENGINE_FAILED', 'at once after it');
  expect(messages.map(({ type }) => type)).toEqual(['record', 'broken']);
});

test('more ends than a message takes go in several', async () => {
  const { messages, channel } = said();
  await Promise.all(Array.from({ length: 250 }, (_, n) => channel.record(stepCompleted(`/do/${n}`))));
  const sent = messages.flatMap((message) =>
    message.type === 'record' ? [...(message.ended ?? []), message.body] : [],
  );
  expect(messages.length).toBe(3);
  expect(sent).toEqual(Array.from({ length: 250 }, (_, n) => stepCompleted(`/do/${n}`)));
});
