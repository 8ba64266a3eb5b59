/** Who runs first, when, and beside how many others: policies of jobs through the real dispatcher, on a real database. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Job } from '@casare/shared/api';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';
import { takeDue } from './waiting.store.ts';

const bodies: RunEventBody[] = [
  { type: 'run.started', resumed: false },
  { type: 'run.completed', output: null },
];
const done: RunEvent[] = bodies.map((body, index) => ({ seq: index + 1, at: '2026-01-01T00:00:00.000Z', body }));
const countOf = sql<{ n: number }, [workflow: string]>(
  'testCountOf',
  `SELECT count(*)::int AS n FROM job j JOIN workflow_version w ON w.id = j.workflow_id WHERE w.name = $1`,
);
const holders = sql<{ n: number }, [key: string]>(
  'testHolders',
  'SELECT count(*)::int AS n FROM job_key WHERE concurrency_key = $1',
);
const waits = sql<{ n: number }, []>(
  'testWaits',
  `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`,
);
const later = (ms: number): string => new Date(Date.now() + ms).toISOString();

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness();
  await h.jobs.start();
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

async function submit(workflow: string, ...more: object[]): Promise<string[]> {
  const jobs = more.map((one) => ({ workflow, priority: 50, requires: [], maxAttempts: 3, ...one }));
  const ids = await h.jobs.submit.submit(h.by, jobs, null);
  if (isRefusal(ids)) throw new Error(ids.code);
  return ids;
}
function got(agent: TestAgent): string[] {
  return agent.sent.filter((message) => message.type === 'job.assign').map((message) => message.jobId);
}
async function started(agent: TestAgent, count: number): Promise<string[]> {
  return vi.waitFor(() => {
    expect(got(agent)).toHaveLength(count);
    return got(agent);
  }, 10_000);
}
/** Lets one job after the other end, as the agent gets them; their ids in order. */
async function runAll(agent: TestAgent, count: number): Promise<string[]> {
  for (let n = 1; n <= count; n++) await h.jobs.runs.record(agent, (await started(agent, n))[n - 1]!, 1, done);
  return got(agent);
}

describe('order', () => {
  it('goes by priority, then age', async () => {
    const workflow = await h.workflow('order');
    const [mid, low, high, midToo] = await submit(workflow, {}, { priority: 0 }, { priority: 100 }, {});
    expect(await runAll(await h.agent('order'), 4)).toEqual([high, mid, midToo, low]);
  });

  it('does not start a job before its time, starts it then, and holds up nobody behind it', async () => {
    const [agent, workflow] = [await h.agent('then', 5), await h.workflow('then')];
    const notBefore = later(2_000);
    const [waits, plain] = await submit(workflow, { notBefore, priority: 100 }, {});
    expect(await started(agent, 1)).toEqual([plain]);
    expect(await started(agent, 2)).toEqual([plain, waits]);
    // The clock that decides is the database's, on this machine.
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(notBefore));
    expect(Date.now()).toBeLessThan(Date.parse(notBefore) + 5_000);
  });
});

describe('many jobs in one request', () => {
  it('are submitted all or none', async () => {
    const workflow = await h.workflow('bulk');
    const [good, bad] = ['nobody', 'nothing'].map((concurrencyKey) => ({
      ...{ workflow, priority: 50 },
      concurrencyKey,
    }));
    const request = (one: object) => ({ requires: [], maxAttempts: 3, ...one }) as never;
    // The database refuses the second: nothing of the first may stay.
    const broken = h.jobs.submit.submit(h.by, [request(good!), request({ ...bad, priority: 500 })], null);
    await expect(broken).rejects.toThrow();
    expect(await h.database.db.query(countOf('bulk'))).toEqual([{ n: 0 }]);
    expect(await submit(workflow, {}, {})).toHaveLength(2);
    expect(await h.database.db.query(countOf('bulk'))).toEqual([{ n: 2 }]);
  });
});

describe('a concurrency key with a limit', () => {
  const keyed = (key: string, limit: number, more = {}) => ({ concurrency: { key, limit }, ...more });

  it('lets as many run at once, and the next when one has ended', async () => {
    const [agent, workflow] = [await h.agent('limited', 10), await h.workflow('limited')];
    const [one, two, three] = await submit(workflow, keyed('k', 2), keyed('k', 2), keyed('k', 2));
    // Of another key: it shows that a promotion went by.
    const [other] = await submit(workflow, keyed('other', 1));
    expect((await started(agent, 3)).toSorted()).toEqual([one, two, other].toSorted());
    expect(await h.jobs.query.whyPending('default', three!)).toMatchObject({
      summary: expect.stringContaining(one!) as string,
    });
    await h.jobs.runs.record(agent, one!, 1, done);
    expect((await started(agent, 4)).at(-1)).toBe(three);
  });

  it('goes by the smallest limit, in order, so that nobody is passed for ever', async () => {
    const [agent, workflow] = [await h.agent('mixed', 10), await h.workflow('mixed')];
    const [wide] = await submit(workflow, keyed('m', 5));
    await started(agent, 1);
    const [alone] = await submit(workflow, keyed('m', 1));
    const [behind] = await submit(workflow, keyed('m', 5));
    await submit(workflow, {});
    await started(agent, 2);
    await takeDueNow();
    expect(await h.database.db.query(holders('m'))).toEqual([{ n: 1 }]);
    await h.jobs.runs.record(agent, wide!, 1, done);
    expect((await started(agent, 3)).at(-1)).toBe(alone);
    await takeDueNow();
    expect(await h.database.db.query(holders('m'))).toEqual([{ n: 1 }]);
    await h.jobs.runs.record(agent, alone!, 1, done);
    expect((await started(agent, 4)).at(-1)).toBe(behind);
  });

  it('is never exceeded by promotions at the same time', async () => {
    const workflow = await h.workflow('crowd');
    await h.jobs.stop();
    try {
      await submit(workflow, ...Array.from({ length: 5 }, () => keyed('crowd', 3)));
      let second: Promise<string[]> | undefined;
      let isOver = false;
      const first = await h.database.db.transaction(async (tx) => {
        const taken = await takeDue(tx, 500);
        // A job that comes before them all: a promotion that does not see this one would let it in.
        await submit(workflow, keyed('crowd', 3, { priority: 100 }));
        second = takeDueNow().finally(() => (isOver = true));
        await vi.waitFor(async () => expect(isOver || (await h.database.db.query(waits()))[0]!.n > 0).toBe(true));
        return taken;
      });
      expect([first.length, (await second!).length]).toEqual([3, 0]);
      expect(await h.database.db.query(holders('crowd'))).toEqual([{ n: 3 }]);
    } finally {
      await h.jobs.start();
    }
  });

  it('is kept by a job that waits for another try', async () => {
    const [agent, workflow] = [await h.agent('kept', 10), await h.workflow('kept')];
    const retry = { attempts: 2, backoffMs: 300, jitter: 0 };
    const [first, second] = await submit(workflow, keyed('kept', 1, { retry }), keyed('kept', 1));
    expect(await started(agent, 1)).toEqual([first]);
    const error = { type: 'about:blank', status: 503, code: 'FLAKY' };
    const failed = [bodies[0]!, { type: 'run.failed', error } as RunEventBody];
    await h.jobs.runs.record(
      agent,
      first!,
      1,
      done.map((event, index) => ({ ...event, body: failed[index]! })),
    );
    expect(await started(agent, 2)).toEqual([first, first]);
    await h.jobs.runs.record(agent, first!, 2, done);
    expect(await started(agent, 3)).toEqual([first, first, second]);
    expect(((await h.jobs.query.job('default', first!)) as Job).state).toBe('succeeded');
  });

  /** A promotion beside the one of the loop; what it takes is not queued. */
  async function takeDueNow(): Promise<string[]> {
    return h.database.db.transaction(async (tx) => (await takeDue(tx, 500)).map(({ jobId }) => jobId));
  }
});
