/** Waiting for signs of change. */
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChangeSigns } from './changes.ts';

const never = new AbortController().signal;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a sign wakes whoever waits, long before the time is over', async () => {
  const changes = new ChangeSigns();
  expect(changes.isHeard).toBe(false);
  const waiting = changes.next(changes.count, 60_000, never);
  changes.sign();
  await waiting;
  expect([changes.count, changes.isHeard, vi.getTimerCount()]).toEqual([1, true, 0]);
});

test('a sign that came while it was looked is not lost', async () => {
  const changes = new ChangeSigns();
  const before = changes.count;
  changes.sign();
  await changes.next(before, 60_000, never);
});

test('without a sign it ends after its time, and with the signal', async () => {
  const changes = new ChangeSigns();
  const late = changes.next(0, 500, never);
  await vi.advanceTimersByTimeAsync(500);
  await late;
  const stop = new AbortController();
  const stopped = changes.next(0, 60_000, stop.signal);
  stop.abort();
  await stopped;
  expect(vi.getTimerCount()).toBe(0);
});

test('nothing is left at the signal of whoever waited', async () => {
  const changes = new ChangeSigns();
  const { signal } = new AbortController();
  const waiting = changes.next(changes.count, 60_000, signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  changes.sign();
  await waiting;
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('what went silent is not heard until the next sign', () => {
  const changes = new ChangeSigns();
  changes.sign();
  changes.silent();
  expect(changes.isHeard).toBe(false);
  changes.sign();
  expect(changes.isHeard).toBe(true);
});
