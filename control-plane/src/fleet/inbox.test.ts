/** Order, back-pressure, trying again, giving up. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Inbox } from './inbox.ts';

function inbox(work: (n: number) => Promise<void>, retryMs: readonly number[] = [1, 1]) {
  const spies = { pause: vi.fn(), resume: vi.fn(), onRetry: vi.fn(), onFailed: vi.fn() };
  const handling = { work: (_: null, n: number) => work(n), laneOf: () => null, ...spies, retryMs };
  return { made: new Inbox<null, number>(null, handling), ...spies };
}

/** Messages like `a1`: of lane `a`; those like `-1` have none. Each is handled until the test ends it. */
function lanes(retryMs: readonly number[] = [1, 1]) {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const spies = { pause: vi.fn(), resume: vi.fn(), onRetry: vi.fn(), onFailed: vi.fn() };
  const made = new Inbox<null, string>(null, {
    work: (_, message) => {
      begun.push(message);
      const end = Promise.withResolvers<void>();
      ends.set(message, end);
      return end.promise;
    },
    laneOf: (message) => (message.startsWith('-') ? null : message[0]!),
    ...{ ...spies, retryMs },
  });
  const end = async (...messages: string[]): Promise<void> => {
    for (const message of messages) ends.get(message)!.resolve();
    await turn();
  };
  const fail = (...messages: string[]): void => {
    for (const message of messages) ends.get(message)!.reject(new Error('the database is away'));
  };
  return { made, begun, end, fail, ...spies };
}

describe('an inbox', () => {
  it('handles one after the other, pauses the socket while it is behind, and goes on', async () => {
    const done: number[] = [];
    const gate = Promise.withResolvers<void>();
    const { made, pause, resume } = inbox(async (n) => {
      await gate.promise;
      done.push(n);
    });
    for (let n = 0; n < 40; n++) made.push(n);
    expect(pause).toHaveBeenCalledTimes(1);
    expect(made.behind).toBe(true);
    gate.resolve();
    await made.settled();
    expect(done).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(resume).toHaveBeenCalledTimes(1);
    expect(made.behind).toBe(false);
  });

  it('counts bytes as well as messages', async () => {
    const { made, pause, resume } = inbox(() => Promise.resolve());
    for (let n = 0; n < 4; n++) made.push(n, 1_048_576);
    expect(pause).toHaveBeenCalledTimes(1);
    await made.settled();
    expect(resume).toHaveBeenCalledTimes(1);
  });

  it('tries failed work again before what came later, with the socket paused', async () => {
    const done: number[] = [];
    let failures = 2;
    const { made, pause, resume, onRetry } = inbox(async (n) => {
      if (n === 0 && failures-- > 0) throw new Error('the database is away');
      done.push(n);
    });
    made.push(0);
    made.push(1);
    await made.settled();
    expect(done).toEqual([0, 1]);
    expect([pause, resume, onRetry].map((spy) => spy.mock.calls.length)).toEqual([1, 1, 2]);
  });

  it('gives up after the last try and handles nothing more', async () => {
    const done: number[] = [];
    const { made, onFailed } = inbox(async (n) => {
      if (n === 0) throw new Error('the database is away');
      done.push(n);
    });
    made.push(0);
    made.push(1);
    await made.settled();
    made.push(2);
    await made.settled();
    expect(onFailed).toHaveBeenCalledTimes(1);
    expect(done).toEqual([]);
  });

  it('stops trying when it is closed', async () => {
    const { made, onFailed, onRetry } = inbox(() => Promise.reject(new Error('away')), [3_600_000]);
    made.push(0);
    await vi.waitFor(() => expect(onRetry).toHaveBeenCalled());
    made.close();
    await made.settled();
    expect(onFailed).not.toHaveBeenCalled();
  });
});

describe('lanes of an inbox', () => {
  it('do not wait for each other, and each stays in order', async () => {
    const { made, begun, end } = lanes();
    for (const message of ['a1', 'b1', 'a2', 'c1', 'b2', 'a3']) made.push(message);
    expect(begun).toEqual(['a1', 'b1', 'c1']);
    await end('b1', 'c1');
    expect(begun).toEqual(['a1', 'b1', 'c1', 'b2']);
    await end('a1');
    await end('a2');
    expect(begun).toEqual(['a1', 'b1', 'c1', 'b2', 'a2', 'a3']);
    let settled = false;
    const waited = made.settled().then(() => (settled = true));
    await end('b2');
    expect(settled).toBe(false);
    await end('a3');
    await waited;
  });

  it('wait for a message without one, which waits for them', async () => {
    const { made, begun, end } = lanes();
    for (const message of ['a1', 'b1', '-1', '-2', 'c1', 'a2']) made.push(message);
    await end('a1');
    expect(begun).toEqual(['a1', 'b1']);
    await end('b1');
    expect(begun).toEqual(['a1', 'b1', '-1']);
    await end('-1');
    expect(begun).toEqual(['a1', 'b1', '-1', '-2']);
    await end('-2');
    expect(begun).toEqual(['a1', 'b1', '-1', '-2', 'c1', 'a2']);
  });

  it('count together: so many are handled at once, and those handled keep the socket paused', async () => {
    const { made, begun, end, pause, resume } = lanes();
    const all = Array.from({ length: 40 }, (_, n) => String.fromCodePoint(1_000 + n));
    for (const message of all) made.push(message);
    expect(begun).toEqual(all.slice(0, 32));
    expect(pause).toHaveBeenCalledTimes(1);
    await end(...all.slice(0, 31));
    expect(begun).toEqual(all);
    expect(resume).not.toHaveBeenCalled();
    await end(all[31]!);
    expect(resume).toHaveBeenCalledTimes(1);
  });

  it('begin nothing while one of them is tried again, and say it once', async () => {
    const { made, begun, end, fail, onRetry, pause, resume } = lanes([3_600_000, 1]);
    for (const message of ['a1', 'b1', 'c1', 'a2']) made.push(message);
    fail('a1', 'b1');
    await turn();
    expect([onRetry.mock.calls.length, pause.mock.calls.length]).toEqual([1, 1]);
    made.push('d1');
    await end('c1');
    expect(begun).toEqual(['a1', 'b1', 'c1']);
    expect(resume).not.toHaveBeenCalled();
    made.close();
    await made.settled();
    expect(begun).toEqual(['a1', 'b1', 'c1']);
  });

  it('stay in order when one of them is tried again', async () => {
    const { made, begun, end, fail } = lanes();
    for (const message of ['a1', 'a2', 'b1']) made.push(message);
    fail('a1');
    await vi.waitFor(() => expect(begun).toEqual(['a1', 'b1', 'a1']));
    await end('a1');
    expect(begun).toEqual(['a1', 'b1', 'a1', 'a2']);
    await end('a2', 'b1');
    await made.settled();
  });
});
