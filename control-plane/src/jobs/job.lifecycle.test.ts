/** The life of a job under any sequence of events: the table by itself, and the row in Postgres that its guards protect. */
import fc from 'fast-check';
import type { JobState } from '@casare/shared/api';
import { next, sourcesOf } from '@casare/shared/lifecycle';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { ENDED, JOB, resumeEventOf, type JobEvent } from './job.lifecycle.ts';
import { jobsHarness, type JobsHarness } from './testing.ts';
import { move } from './transition.store.ts';

const STATES = Object.keys(JOB) as JobState[];
const EVENTS = [...new Set(STATES.flatMap((state) => Object.keys(JOB[state])))].sort() as JobEvent[];
/** A person's word, and nothing else, takes a job out of these. */
const PERSONS: readonly JobEvent[] = ['retry'];
const anyEvents = fc.array(fc.constantFrom(...EVENTS), { minLength: 1, maxLength: 60 });

/** As the services do it: what takes an ended job, or one in review, back to the queue opens a generation. */
const opensGeneration = (event: JobEvent): boolean => event === 'retry' || event === 'reviewRetry';

describe('the table of a job', () => {
  it('is what the guards of SQL say: an event is allowed in exactly the states that they list', () => {
    for (const event of EVENTS) {
      const allowed = STATES.filter((state) => next(JOB, state, event) !== null);
      expect(sourcesOf(JOB, event)).toEqual(allowed);
      expect(allowed).not.toEqual([]);
    }
  });

  it('lets nothing but a person take an ended job up again, and only to wait', () => {
    for (const state of ENDED) {
      const out = Object.keys(JOB[state]);
      expect(PERSONS).toEqual(expect.arrayContaining(out));
      for (const event of out) expect(next(JOB, state, event as JobEvent)).toBe('pending');
    }
  });

  it('ends each generation once, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        let state: JobState = 'pending';
        let generation = 1;
        const ends = new Map<number, number>();
        for (const event of events) {
          const to: JobState | null = next(JOB, state, event);
          if (to === null) continue;
          if (opensGeneration(event)) generation += 1;
          if (ENDED.includes(to)) ends.set(generation, (ends.get(generation) ?? 0) + 1);
          state = to;
        }
        for (const times of ends.values()) expect(times).toBe(1);
        expect(ends.has(generation)).toBe(ENDED.includes(state));
      }),
    );
  });

  it('has a way to an end from everywhere, without a person except from a review', () => {
    for (const state of STATES) {
      const seen = new Set<JobState>([state]);
      for (const at of seen) {
        const events = (Object.keys(JOB[at]) as JobEvent[]).filter((event) => !opensGeneration(event));
        for (const event of events) seen.add(next(JOB, at, event)!);
      }
      expect([...seen].some((at) => ENDED.includes(at))).toBe(true);
    }
  });

  it('takes a silent agent back from a review, to what its job was', () => {
    for (const cancelling of [false, true]) {
      for (const started of [false, true]) {
        for (const paused of [false, true]) {
          const to = next(JOB, 'needs_review', resumeEventOf({ started, cancelling, paused }));
          expect(to).toBe(cancelling ? 'cancelling' : !started ? 'leased' : paused ? 'paused' : 'running');
        }
      }
    }
  });
});

interface Row {
  readonly state: JobState;
  readonly generation: number;
  readonly first_attempt: number;
  readonly ended: boolean;
  readonly keys: number;
  readonly listed: number;
}

const lookAt = sql<Row, [job: string]>(
  'testLookAtJob',
  `SELECT state, generation, first_attempt, ended_at IS NOT NULL AS ended,
     (SELECT count(*)::int FROM job_key k WHERE k.job_id = job.id) AS keys,
     (SELECT count(*)::int FROM job_deadline d WHERE d.job_id = job.id) AS listed
   FROM job WHERE id = $1`,
);
const holdKey = sql<never, [job: string]>(
  'testHoldKey',
  `INSERT INTO job_key (tenant_id, concurrency_key, job_id) SELECT tenant_id, concurrency_key, id FROM job WHERE id = $1
   ON CONFLICT DO NOTHING`,
);

describe('the row of a job', () => {
  let jobs: JobsHarness;
  beforeAll(async () => {
    jobs = await jobsHarness();
  });
  afterAll(() => jobs.close());

  it('moves as the table says, ends each generation once and keeps no key behind', { timeout: 120_000 }, async () => {
    const workflow = await jobs.workflow('any life');
    const { db } = jobs.database;
    let lives = 0;
    const life = async (events: readonly JobEvent[]): Promise<void> => {
      const more = { concurrencyKey: `key ${(lives += 1)}`, deadline: '2099-01-01T00:00:00.000Z' };
      const jobId = await jobs.submit(workflow, more);
      let model: { state: JobState; generation: number } = { state: 'pending', generation: 1 };
      for (const event of events) {
        const before = model;
        const to = next(JOB, before.state, event);
        const fresh = opensGeneration(event);
        const key = { tenant: 'default', jobId, state: before.state };
        await db.execute(holdKey(jobId));
        const moved = await db.transaction((tx) => move(tx, key, event, { newGeneration: fresh }));
        expect(moved).toBe(to);
        if (to !== null) model = { state: to, generation: before.generation + Number(fresh) };
        const [row] = await db.query(lookAt(jobId));
        expect(row).toMatchObject(model);
        if (to === null) continue;
        expect(row!.ended).toBe(ENDED.includes(to));
        if (row!.ended) expect(row!.keys).toBe(0);
        // One that waits must not outlive its deadline.
        if (to === 'pending') expect(row!.listed).toBe(1);
        if (fresh) expect(row!.first_attempt).toBe(1);
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...EVENTS), { maxLength: 25 }), (events) => life(events)),
      { numRuns: 25 },
    );
  });

  it('does not move for whoever believes in a state that it has not', async () => {
    const jobId = await jobs.submit(await jobs.workflow('a stale view'));
    const { db } = jobs.database;
    const claim = (state: JobState, event: JobEvent): Promise<JobState | null> =>
      db.transaction((tx) => move(tx, { tenant: 'default', jobId, state }, event));
    expect(await claim('running', 'complete')).toBeNull();
    expect(await claim('failed', 'retry')).toBeNull();
    // The control: the same kind of move by one who knows.
    expect(await claim('pending', 'cancel')).toBe('cancelled');
    expect(await claim('running', 'complete')).toBeNull();
  });
});
