/** Submits that come together, on a real database: they share transactions, and each is answered for itself. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import type { Jobs } from './jobs.module.ts';
import { jobsHarness, type JobsHarness } from './testing.ts';

const transactionsOf = sql<{ n: number; jobs: number }, [ids: string[]]>(
  'testTransactionsOf',
  `SELECT count(DISTINCT xmin::text)::int AS n, count(*)::int AS jobs FROM job WHERE id = ANY($1::uuid[])`,
);
const readyOf = sql<{ id: string }, [ids: string[]]>(
  'testReadyOf',
  'SELECT job_id AS id FROM job_ready WHERE job_id = ANY($1::uuid[]) ORDER BY rank, seq',
);

let h: JobsHarness;
let workflow: string;
beforeAll(async () => {
  h = await jobsHarness();
  workflow = await h.workflow('together');
});
afterAll(() => h.close());

async function submit(on: Jobs, n: number, key: string | null = null): Promise<string[]> {
  const requests = Array.from({ length: n }, () => ({ workflow, priority: 50, requires: [], maxAttempts: 3 }));
  const ids = await on.submit.submit(h.by, requests, key);
  if (isRefusal(ids)) throw new Error(ids.code);
  return ids;
}

describe('submits that come together', () => {
  it('share transactions, and every job of each is ready', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => submit(h.jobs, 1 + (index % 3))));
    const ids = answers.flat();
    expect(answers.map(({ length }) => length)).toEqual(Array.from({ length: 60 }, (_, index) => 1 + (index % 3)));
    const [written] = await h.database.db.query(transactionsOf(ids));
    expect(written!.jobs).toBe(new Set(ids).size);
    expect(written!.n).toBeLessThan(20);
    expect(await h.database.db.query(readyOf(ids))).toHaveLength(ids.length);
  });

  it('of one key are one submit, here and on another replica, whatever the order', async () => {
    const other = h.replica();
    const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`);
    const [here, there] = await Promise.all([
      Promise.all(keys.map((key) => submit(h.jobs, 1, key))),
      Promise.all(keys.toReversed().map((key) => submit(other, 1, key))),
    ]);
    expect(there.toReversed()).toEqual(here);
    const [written] = await h.database.db.query(transactionsOf(here.flat()));
    expect(written!.jobs).toBe(20);
    expect(
      await h.jobs.submit.submit(h.by, [{ workflow, priority: 1, requires: [], maxAttempts: 3 }], 'key 0'),
    ).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('a large one is written by itself, whole', async () => {
    const [large, small] = await Promise.all([submit(h.jobs, 250), submit(h.jobs, 1)]);
    expect(await h.database.db.query(transactionsOf(large))).toEqual([{ n: 1, jobs: 250 }]);
    expect(await h.database.db.query(transactionsOf([...large, ...small]))).toEqual([{ n: 2, jobs: 251 }]);
    expect((await h.database.db.query(readyOf(large))).map(({ id }) => id)).toEqual(large);
  });
});
