/** Messages between processes: what a bad one, or one that cannot be dealt with, does to the others. */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { FrameLink } from './frames.ts';

test('a throw of whoever gets a frame ends its connection, with what was thrown, and nothing else', async () => {
  const stream = new PassThrough();
  const got: unknown[] = [];
  const why = await new Promise<string>((resolve) => {
    const link = new FrameLink(stream, {
      ...{ maxBytes: 100, onEnd: resolve },
      onFrame: (raw) => {
        got.push(raw);
        throw new Error('the disk is full');
      },
    });
    link.send('first');
    link.send('second');
  });
  expect(why).toBe('what came could not be dealt with: the disk is full');
  expect([got, stream.destroyed]).toEqual([['first'], true]);
});

test('after the last word nothing that still comes is kept', async () => {
  const stream = new PassThrough();
  const link = new FrameLink(stream, { maxBytes: 100, onFrame: () => undefined, onEnd: () => undefined });
  await link.end();
  const before = process.memoryUsage().arrayBuffers;
  for (let n = 0; n < 300; n += 1) stream.emit('data', Buffer.alloc(1_000_000, n));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200_000_000);
});
