/** What hears changes is another process, which may end or talk nonsense. */
import { expect, test } from 'vitest';
import type { Channel } from './calls.ts';
import { RemoteChanges } from './remote-changes.ts';

const never = new AbortController().signal;

/** A process that does what the test says. */
function scripted(): { start: () => Channel; started: () => number; say: (message: unknown) => void; end: () => void } {
  let started = 0;
  let said: (message: unknown) => void = () => undefined;
  let closed: () => void = () => undefined;
  return {
    start: () => {
      started += 1;
      return {
        send: () => undefined,
        onMessage: (listener) => (said = listener),
        onClose: (listener) => (closed = listener),
        end: () => closed(),
      };
    },
    started: () => started,
    say: (message) => said(message),
    end: () => closed(),
  };
}

test('it is started when somebody waits, and its signs wake who does', async () => {
  const other = scripted();
  const changes = new RemoteChanges(other.start);
  expect([changes.count, other.started()]).toEqual([0, 0]);
  const waiting = changes.next(0, 60_000, never);
  other.say({ signs: ['windows'] });
  await waiting;
  expect([changes.count, changes.isHeard, [...changes.sources]]).toEqual([1, true, ['windows']]);
});

test('one that ends is started again, three times in all, and then only the clock is left', async () => {
  const other = scripted();
  const changes = new RemoteChanges(other.start);
  for (let turn = 0; turn < 5; turn += 1) {
    await changes.next(0, 1, never);
    other.end();
    expect(changes.isHeard).toBe(false);
  }
  expect(other.started()).toBe(3);
});

test('one that says what nobody expects is ended, and nothing of it counts', async () => {
  const other = scripted();
  const changes = new RemoteChanges(other.start);
  await changes.next(0, 1, never);
  other.say({ signs: [1] });
  expect([changes.count, changes.isHeard]).toEqual([0, false]);
});
