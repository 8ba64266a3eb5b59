/** A hosted worker that cannot be put on record, such as on a full disk. */
import { expect, test } from 'vitest';
import { HostedWorker } from './hosted-worker.ts';
import type { ToHost } from './messages.ts';

function full(): never {
  throw new Error('OUTBOX_FULL');
}

test('one that cannot be put on record is not started, and whoever told it so lives', async () => {
  const worker = new HostedWorker('plain', () => undefined);
  const told: ToHost[] = [];
  worker.attach(() => undefined, full);
  worker.startAt('uid 998', (message) => told.push(message));
  expect(await worker.exited).toContain('OUTBOX_FULL');
  expect(told).toEqual([]);
});

test('one that is started, and cannot be put on record with its number, is ended', () => {
  const worker = new HostedWorker('plain', () => undefined);
  const told: ToHost[] = [];
  worker.startAt('uid 998', (message) => told.push(message));
  worker.attach(() => undefined, full);
  worker.started(77, 1);
  expect(told.map(({ type }) => type)).toEqual(['spawn', 'kill']);
});
