/** Which messages share a transaction, and in which order those of one attempt are written. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { EventBatcher, type EventMessage, type Recorded } from './event-batcher.ts';

function held() {
  const batches: { readonly ids: string[]; readonly answer: () => void; readonly fail: () => void }[] = [];
  const batcher = new EventBatcher(
    (messages) =>
      new Promise((resolve, reject) => {
        batches.push({
          ids: messages.map(idOf),
          answer: () => resolve(messages.map(({ events }): Recorded => ({ outcome: 'acked', seq: events[0]!.seq }))),
          fail: () => reject(new Error('away')),
        });
      }),
  );
  return { batcher, batches };
}
const idOf = ({ jobId, events }: EventMessage): string => `${jobId}${events[0]!.seq}`;
const message = (jobId: string, seq: number): EventMessage => ({
  ...{ tenant: 't', jobId, attempt: 1, agentId: 'x' },
  events: [{ seq, at: '2026-01-01T00:00:00Z', body: { type: 'run.started', resumed: false } }],
});

it('begins with what came in one turn, writes two batches at once, and gathers the rest', async () => {
  const { batcher, batches } = held();
  const answers = [batcher.add(message('a', 1)), batcher.add(message('b', 1))];
  await turn();
  await turn();
  expect(batches.map(({ ids }) => ids)).toEqual([['a1', 'b1']]);
  // Of an attempt that is being written the next message waits; others do not.
  answers.push(batcher.add(message('a', 2)), batcher.add(message('c', 1)));
  await turn();
  await turn();
  expect(batches.map(({ ids }) => ids)).toEqual([['a1', 'b1'], ['c1']]);
  answers.push(batcher.add(message('a', 3)), batcher.add(message('d', 1)));
  await turn();
  await turn();
  expect(batches).toHaveLength(2);
  batches[0]!.answer();
  await answers[0];
  await turn();
  await turn();
  expect(batches.map(({ ids }) => ids)).toEqual([['a1', 'b1'], ['c1'], ['a2', 'd1']]);
  batches[1]!.answer();
  batches[2]!.answer();
  await answers[2];
  await turn();
  await turn();
  expect(batches.at(-1)!.ids).toEqual(['a3']);
  let drained = false;
  const drain = batcher.drain().then(() => (drained = true));
  await turn();
  expect(drained).toBe(false);
  batches[3]!.answer();
  await drain;
  expect((await Promise.all(answers)).map((recorded) => recorded.outcome)).toEqual(Array(6).fill('acked'));
});

it('an attempt whose batch failed may be written again', async () => {
  const { batcher, batches } = held();
  const failed = batcher.add(message('a', 1));
  await turn();
  batches[0]!.fail();
  await expect(failed).rejects.toThrow('away');
  const again = batcher.add(message('a', 1));
  await turn();
  batches[1]!.answer();
  expect(await again).toEqual({ outcome: 'acked', seq: 1 });
  await batcher.drain();
});

it('refuses beyond 10,000 messages that wait, and takes more when they are written', async () => {
  const opened = Promise.withResolvers<void>();
  const batcher = new EventBatcher(async (messages) => {
    await opened.promise;
    return messages.map((): Recorded => ({ outcome: 'acked', seq: 1 }));
  });
  const all = Array.from({ length: 10_000 }, (_, index) => batcher.add(message(`j${index}-`, 1)));
  expect(await batcher.add(message('late', 1))).toEqual({ outcome: 'busy' });
  opened.resolve();
  expect(new Set((await Promise.all(all)).map(({ outcome }) => outcome))).toEqual(new Set(['acked']));
  expect(await batcher.add(message('late', 1))).toEqual({ outcome: 'acked', seq: 1 });
});
