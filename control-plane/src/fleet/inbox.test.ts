/** Order, back-pressure, trying again, giving up. */
import { describe, expect, it, vi } from 'vitest';
import { Inbox } from './inbox.ts';

function inbox(work: (n: number) => Promise<void>, retryMs: readonly number[] = [1, 1]) {
  const spies = { pause: vi.fn(), resume: vi.fn(), onRetry: vi.fn(), onFailed: vi.fn() };
  return { made: new Inbox<number>({ work, ...spies, retryMs }), ...spies };
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
