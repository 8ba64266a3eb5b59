/** Jobs that are leased by their own submit, on a real database. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

const together = sql<{ same: boolean; n: number }, [job: string]>(
  'testLeasedTogether',
  `SELECT j.xmin::text = l.xmin::text AS same, l.attempt AS n FROM job j JOIN job_lease l ON l.job_id = j.id WHERE j.id = $1`,
);
const placesOf = sql<{ leased: number; ready: number }, [ids: string[]]>(
  'testDirectPlaces',
  `SELECT (SELECT count(*)::int FROM job_lease WHERE job_id = ANY($1::uuid[])) AS leased,
     (SELECT count(*)::int FROM job_ready WHERE job_id = ANY($1::uuid[])) AS ready`,
);

let h: JobsHarness;
beforeAll(async () => {
  // Without its loops nothing is claimed: what is leased was leased by its submit.
  h = await jobsHarness();
});
afterAll(() => h.close());

async function submit(workflow: string, n = 1, more: object = {}, key: string | null = null): Promise<string[]> {
  const requests = Array.from({ length: n }, () => ({ workflow, priority: 50, requires: [], maxAttempts: 3, ...more }));
  const ids = await h.jobs.submit.submit(h.by, requests, key);
  if (isRefusal(ids)) throw new Error(ids.code);
  return ids;
}
const places = async (ids: readonly string[]) => (await h.database.db.query(placesOf([...ids])))[0];
const given = (agent: TestAgent) => agent.sent.filter((message) => message.type === 'job.assign');

async function scene(name: string, slots: number) {
  const agent = await h.agent(name, slots);
  const workflow = await h.workflow(name);
  const finish = async (id: string, attempt = 1) => {
    const at = '2026-01-01T00:00:00Z';
    await h.jobs.runs.record(agent, id, attempt, [
      { seq: 1, at, body: { type: 'run.started', resumed: false } },
      { seq: 2, at, body: { type: 'run.completed', output: null } },
    ]);
  };
  return { agent, workflow, finish };
}

describe('a submit', () => {
  it('leases what an idle agent can begin, in its own transaction', async () => {
    const { agent, workflow, finish } = await scene('direct', 1);
    const [id] = await submit(workflow);
    expect(await h.database.db.query(together(id!))).toEqual([{ same: true, n: 1 }]);
    await vi.waitFor(() => expect(given(agent).map(({ jobId }) => jobId)).toContain(id));
    expect(await h.jobs.query.job('default', id!)).toMatchObject({ state: 'leased', attempt: 1 });
    await finish(id!);
    agent.disconnect();
  });

  it('wakes the dispatcher for what stands in the queue, and for nothing else', async () => {
    const { agent, workflow } = await scene('wakes', 1);
    const wake = vi.spyOn(h.jobs.dispatcher, 'wake');
    expect(await places(await submit(workflow))).toEqual({ leased: 1, ready: 0 });
    await submit(workflow, 1, { concurrencyKey: 'wakes' });
    expect(wake).not.toHaveBeenCalled();
    await submit(workflow);
    expect(wake).toHaveBeenCalledTimes(1);
    wake.mockRestore();
    agent.disconnect();
  });

  it('of a job whose end frees no key leaves the waiting room alone; one that failed may wait there', async () => {
    const { agent, workflow, finish } = await scene('ends', 2);
    const told = vi.fn();
    const was = h.jobs.runs.onEnded;
    h.jobs.runs.onEnded = told;
    const [ends, fails] = await submit(workflow, 2);
    await finish(ends!);
    expect(told).not.toHaveBeenCalled();
    const at = '2026-01-01T00:00:00Z';
    const error = { type: 'about:blank', status: 500 };
    await h.jobs.runs.record(agent, fails!, 1, [
      { seq: 1, at, body: { type: 'run.started', resumed: false } },
      { seq: 2, at, body: { type: 'run.failed', error } },
    ]);
    expect(told).toHaveBeenCalledTimes(1);
    h.jobs.runs.onEnded = was;
    agent.disconnect();
  });

  it('leases no more than there are slots, however many come at once, and the rest waits in order', async () => {
    const { agent, workflow } = await scene('few', 3);
    const ids = (await Promise.all(Array.from({ length: 10 }, () => submit(workflow)))).flat();
    expect(await places(ids)).toEqual({ leased: 3, ready: 7 });
    // Nobody overtakes those who wait.
    await h.jobs.runs.refused(agent, given(agent).at(-1)!.jobId, 1, 'NO_SLOT', 'full');
    const late = await submit(workflow);
    expect(await places(late)).toEqual({ leased: 0, ready: 1 });
    agent.disconnect();
  });

  it('leases nothing that may not start yet', async () => {
    const { agent, workflow } = await scene('later', 3);
    const notBefore = new Date(Date.now() + 3_600_000).toISOString();
    const ids = [
      ...(await submit(workflow, 1, { notBefore })),
      ...(await submit(workflow, 1, { concurrencyKey: 'k' })),
    ];
    expect(await places(ids)).toEqual({ leased: 0, ready: 0 });
    agent.disconnect();
  });

  it('that was made before takes no slot', async () => {
    const { agent, workflow } = await scene('again', 1);
    const first = await submit(workflow, 1, { notBefore: new Date(Date.now() + 3_600_000).toISOString() }, 'key');
    const request = { workflow, priority: 50, requires: [], maxAttempts: 3 };
    expect(await h.jobs.submit.submit(h.by, [request], 'key')).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect(first).toHaveLength(1);
    expect(await places(await submit(workflow))).toEqual({ leased: 1, ready: 0 });
    agent.disconnect();
  });

  it('promises no slot twice while a claim is under way, also across a reconnect of the agent', async () => {
    const { agent, workflow, finish } = await scene('promised', 2);
    const [before] = await submit(workflow);
    await finish(before!);
    const placed = h.jobs.dispatcher.place([{ jobId: 'x', tenant: 'default', routeId: await routeOf(workflow) }]);
    expect(placed).toHaveLength(1);
    // As when it greets again: what it has is counted anew.
    h.jobs.dispatcher.update(agent.agentId, { site: 'elsewhere' });
    expect(await places(await submit(workflow, 3))).toEqual({ leased: 1, ready: 2 });
    h.jobs.dispatcher.placed(placed, []);
    agent.disconnect();
  });
});

const newestRoute = sql<{ id: number }, []>('testNewestRoute', 'SELECT max(id) AS id FROM route');
async function routeOf(_: string): Promise<number> {
  return (await h.database.db.query(newestRoute()))[0]!.id;
}
