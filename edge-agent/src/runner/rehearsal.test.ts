import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { createExpressions, type Expressions, RecordingFailed, type StepRegistry } from '../engine/index.ts';
import { Outbox, StoredAssignment } from '../outbox/index.ts';
import { assignment } from '../outbox/outbox-for-tests.ts';
import { Policy } from '../policy/index.ts';
import { createStepRegistry } from '../steps/index.ts';
import { ForkedWorker } from './forked-worker.ts';
import { rehearse, rehearseWhenIdle } from './rehearsal.ts';
import { Run } from './run.ts';

const FOR_EVER = Number.MAX_SAFE_INTEGER;
let folder = '';
let expressions: Expressions;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casare-rehearsal-'));
  expressions = createExpressions();
});
afterAll(async () => {
  await expressions.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The catalogue, none of whose steps may be called: what is looked up is noted. */
function untouchable(found: string[] = []): StepRegistry {
  const real = createStepRegistry({ home: folder, env: {}, platform: process.platform });
  return {
    find: (reference) => {
      const step = real.find(reference);
      if (step === null) return null;
      found.push(step.declaration.name);
      return { ...step, run: () => Promise.reject(new Error(`${reference} was called`)) };
    },
  };
}

it('carries its run out to its end, and calls no step', async () => {
  const found: string[] = [];
  const job = new AbortController();
  expect(await rehearse({ steps: untouchable(found), expressions, job: job.signal })).toBe(1 + 12 * 6);
  expect(new Set(found)).toEqual(
    new Set(['browser.fill', 'browser.select', 'browser.click', 'browser.text', 'browser.value']),
  );
});

it('ends at its next event when a job is there', async () => {
  const job = new AbortController();
  const found: string[] = [];
  const steps = untouchable(found);
  const find: StepRegistry['find'] = (reference) => {
    if (found.length === 7) job.abort();
    return steps.find(reference);
  };
  await expect(rehearse({ steps: { find }, expressions, job: job.signal })).rejects.toThrow(RecordingFailed);
  // The eighth call is looked up and not even started; the one behind it has been made ready.
  expect(found).toHaveLength(9);
});

it('does not even begin where a job comes at once', async () => {
  const job = new AbortController();
  let asked = 0;
  const noted = {
    job: job.signal,
    expressions,
    get steps() {
      asked += 1;
      return untouchable();
    },
  };
  const over = rehearseWhenIdle(noted);
  job.abort();
  await expect(over).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }) as Error);
  expect(asked).toBe(0);
});

it('a worker that waits is ready when it has rehearsed, and then carries its job out', async () => {
  const said: string[] = [];
  const worker = newWorker(said);
  await worker.ready;
  expect(await carriedOut(worker)).toEqual({ type: 'run.completed', output: { n: 3 } });
  expect(said).toEqual([]);
}, 60_000);

it('a job that is there when its worker starts finds none that rehearses', async () => {
  const worker = newWorker([]);
  let isReady = false;
  void worker.ready.then(() => (isReady = true));
  expect(await carriedOut(worker)).toEqual({ type: 'run.completed', output: { n: 3 } });
  expect(isReady).toBe(false);
}, 60_000);

function newWorker(said: string[]): ForkedWorker {
  const log = (_: string, message: string): void => void said.push(message);
  const module = new URL('./worker.ts', import.meta.url);
  return new ForkedWorker({ module, environment: { CASARE_HOME: folder }, log }, process.env);
}

/** The ending of a small job in this worker. */
async function carriedOut(worker: ForkedWorker): Promise<unknown> {
  const given = StoredAssignment.parse(
    assignment({}, [{ one: { set: { n: 1 } } }, { two: { set: { n: '${ .n + 2 }' } } }]),
  );
  const outbox = Outbox.open({ file: path.join(folder, `${given.jobId}.db`) });
  outbox.accept(given);
  const gone = Promise.withResolvers<void>();
  const run = new Run(
    given,
    { secrets: {} },
    {
      ...{ outbox, runFolder: folder, log: () => undefined, clock: systemClock, policy: Policy.parse({}) },
      intake: { keep: () => Promise.reject(new Error('this job stores nothing')) } as never,
      takeWorker: () => worker,
      lease: () => ({ mono: FOR_EVER, wall: FOR_EVER }),
      wake: () => undefined,
      ended: () => undefined,
      gone: () => gone.resolve(),
    },
  );
  run.start();
  await gone.promise;
  const ending = outbox.journal(run.key).at(-1)?.body;
  outbox.close();
  return ending;
}
