import { expect, test, vi } from 'vitest';
import { silentLog } from './log.ts';
import { startLoop } from './loop.ts';

const NEVER_MS = 3_600_000;

test('a failed run is logged and the loop goes on; wakes during a run are one more run; stop waits for the run', async () => {
  const log = { ...silentLog, error: vi.fn() };
  const runs: PromiseWithResolvers<void>[] = [];
  const loop = startLoop({
    name: 'test',
    intervalMs: NEVER_MS,
    log,
    run: async () => {
      const run = Promise.withResolvers<void>();
      runs.push(run);
      await run.promise;
    },
  });
  await vi.waitFor(() => expect(runs).toHaveLength(1));
  loop.wake();
  loop.wake();
  runs[0]!.reject(new Error('first'));
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  expect(log.error).toHaveBeenCalledOnce();
  let stopped = false;
  const stopping = loop.stop().then(() => (stopped = true));
  await Promise.resolve();
  expect(stopped).toBe(false);
  runs[1]!.resolve();
  await stopping;
  expect(runs).toHaveLength(2);
});

test('a wake ends the pause', async () => {
  const run = vi.fn(async () => {});
  const loop = startLoop({ name: 'test', intervalMs: NEVER_MS, log: silentLog, run });
  await vi.waitFor(() => expect(run).toHaveBeenCalledTimes(1));
  await vi.waitFor(() => {
    loop.wake();
    expect(run.mock.calls.length).toBeGreaterThan(1);
  });
  await loop.stop();
});
