/** Retries on a real database, through the real dispatcher: who is tried again, when, and what is kept of each try. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '@casare/shared/api';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { assigned, jobsHarness, type JobsHarness } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const completed: RunEventBody = { type: 'run.completed', output: { ok: true } };
const where = { path: '/do/0/act', position: '/do/0/act' };
const click: RunEventBody = {
  ...{ type: 'step.started', ...where, name: 'act', task: 'call', effect: 'unsafe', onRestart: 'suspend' },
};
const failedBy = (status: number, code: string): RunEventBody => ({
  ...{ type: 'run.failed', error: { type: 'about:blank', status, code, title: 'It broke' } },
});
const numbered = (...bodies: RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ seq: index + 1, at, body }));
const RETRY = { attempts: 3, backoffMs: 300, factor: 1, jitter: 0 };

interface Kept {
  readonly attempt: number;
  readonly outcome: string;
  readonly code: string | null;
}
const attempts = sql<Kept, [job: string]>(
  'testAttempts',
  `SELECT attempt, outcome, error->>'code' AS code FROM job_attempt WHERE job_id = $1 ORDER BY attempt`,
);
const waiting = sql<{ due: number }, [job: string]>(
  'testWaiting',
  `SELECT (extract(epoch FROM not_before - clock_timestamp()) * 1000)::float8 AS due FROM job_waiting WHERE job_id = $1`,
);
const deadLetter = sql<{ dead_letter: string | null }, [job: string]>(
  'testDeadLetter',
  'SELECT dead_letter FROM job WHERE id = $1',
);

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness();
  await h.jobs.start();
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

const submit = (workflow: string, more: object = {}): Promise<string> => h.submit(workflow, more);
async function jobOf(id: string): Promise<Job> {
  return (await h.jobs.query.job('default', id)) as Job;
}
async function reasonOf(id: string): Promise<string | null> {
  return (await h.database.db.query(deadLetter(id)))[0]!.dead_letter;
}

describe('a job that fails', () => {
  it('waits, is tried again with its journal, and ends once', async () => {
    const agent = await h.agent('again');
    const id = await submit(await h.workflow('again'), { retry: RETRY });
    await assigned(agent, id, 1);
    const ending = numbered(started, failedBy(503, 'FLAKY'));
    expect(await h.jobs.runs.record(agent, id, 1, ending)).toEqual({ outcome: 'acked', seq: 2 });
    expect(await jobOf(id)).toMatchObject({ state: 'pending', agent: null, generation: 1, error: { code: 'FLAKY' } });
    expect((await h.database.db.query(waiting(id)))[0]?.due).toBeGreaterThan(0);
    // The acknowledgement was lost: the same ending again is acknowledged.
    expect(await h.jobs.runs.record(agent, id, 1, ending)).toEqual({ outcome: 'acked', seq: 2 });

    const second = await assigned(agent, id, 2);
    expect(second).toMatchObject({ generation: 1, journal: [{ body: started }, { body: { type: 'run.failed' } }] });
    await h.jobs.runs.record(agent, id, 2, numbered(started, completed));
    expect(await jobOf(id)).toMatchObject({ state: 'succeeded', attempt: 2, error: null });
    expect(await h.database.db.query(attempts(id))).toEqual([
      { attempt: 1, outcome: 'retried', code: 'FLAKY' },
      { attempt: 2, outcome: 'succeeded', code: null },
    ]);
    expect(await reasonOf(id)).toBeNull();
    agent.disconnect();
  });

  it('is not started before its pause is over', async () => {
    const agent = await h.agent('pausing');
    const id = await submit(await h.workflow('pausing'), { retry: { ...RETRY, backoffMs: 1_500 } });
    await assigned(agent, id, 1);
    await h.jobs.runs.record(agent, id, 1, numbered(started, failedBy(503, 'FLAKY')));
    const [before] = await h.database.db.query(waiting(id));
    const from = performance.now();
    await assigned(agent, id, 2);
    expect(performance.now() - from).toBeGreaterThan(before!.due - 100);
    agent.disconnect();
  });

  it('is a dead letter when its tries are used up, and a new generation begins to count anew', async () => {
    const agent = await h.agent('hopeless');
    const id = await submit(await h.workflow('hopeless'), { retry: { ...RETRY, attempts: 2, backoffMs: 0 } });
    for (const attempt of [1, 2]) {
      await assigned(agent, id, attempt);
      await h.jobs.runs.record(agent, id, attempt, numbered(started, failedBy(503, 'FLAKY')));
    }
    expect(await jobOf(id)).toMatchObject({ state: 'failed', attempt: 2 });
    expect(await reasonOf(id)).toBe('exhausted');
    expect(await h.jobs.steer.retry(h.by, id)).toBeNull();
    expect(await reasonOf(id)).toBeNull();
    await assigned(agent, id, 3);
    await h.jobs.runs.record(agent, id, 3, numbered(started, failedBy(503, 'FLAKY')));
    expect(await jobOf(id)).toMatchObject({ state: 'pending', generation: 2 });
    agent.disconnect();
  });

  it.each([
    ['for good', failedBy(400, 'DATA_INVALID'), [], 'permanent'],
    ['with a step open that must not be repeated', failedBy(503, 'FLAKY'), [click], 'ambiguous'],
  ] as const)('%s is never tried again by itself', async (name, ending, before, reason) => {
    const agent = await h.agent(name);
    const id = await submit(await h.workflow(name), { retry: RETRY });
    await assigned(agent, id, 1);
    await h.jobs.runs.record(agent, id, 1, numbered(started, ...before, ending));
    expect(await jobOf(id)).toMatchObject({ state: 'failed' });
    expect(await reasonOf(id)).toBe(reason);
    agent.disconnect();
  });

  it('with the open step recorded by an earlier message is not tried again either', async () => {
    const agent = await h.agent('earlier');
    const id = await submit(await h.workflow('earlier'), { retry: RETRY });
    await assigned(agent, id, 1);
    const all = numbered(started, click, failedBy(503, 'FLAKY'));
    await h.jobs.runs.record(agent, id, 1, all.slice(0, 2));
    await h.jobs.runs.record(agent, id, 1, all);
    expect(await jobOf(id)).toMatchObject({ state: 'failed' });
    expect(await reasonOf(id)).toBe('ambiguous');
    agent.disconnect();
  });

  it('while a cancel was asked for is not tried again', async () => {
    const agent = await h.agent('unwanted');
    const id = await submit(await h.workflow('unwanted'), { retry: RETRY });
    await assigned(agent, id, 1);
    await h.jobs.runs.record(agent, id, 1, numbered(started));
    await h.jobs.steer.cancel(h.by, id);
    await h.jobs.runs.record(agent, id, 1, numbered(started, failedBy(503, 'FLAKY')));
    expect(await jobOf(id)).toMatchObject({ state: 'failed' });
    agent.disconnect();
  });

  it('goes by its workflow where it does not say itself', async () => {
    const agent = await h.agent('by document');
    const workflow = await h.workflow('by document', { retry: { attempts: 2, backoffMs: 60_000 } });
    const [plain, own] = [await submit(workflow), await submit(workflow, { retry: { attempts: 1 } })];
    for (const id of [plain, own]) {
      await assigned(agent, id, 1);
      await h.jobs.runs.record(agent, id, 1, numbered(started, failedBy(503, 'FLAKY')));
    }
    expect((await jobOf(plain)).state).toBe('pending');
    expect((await jobOf(own)).state).toBe('failed');
    // A cancel finds it in the waiting room.
    expect(await h.jobs.steer.cancel(h.by, plain)).toBeNull();
    expect(await h.database.db.query(waiting(plain))).toEqual([]);
    agent.disconnect();
  });
});
