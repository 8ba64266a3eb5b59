/** One action on many jobs, on a real database: which, how many, what is refused, and what is on record of it. */
import type { Job, JobActionRequest } from '@casare/shared/api';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { assigned, jobsHarness, type JobsHarness } from './testing.ts';

const audited = sql<{ action: string; subject: string; detail: Record<string, unknown> }, [action: string]>(
  'testActionsAudited',
  'SELECT action, subject, detail FROM audit_event WHERE action = $1 ORDER BY seq',
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

const act = (request: Partial<JobActionRequest> & Pick<JobActionRequest, 'action' | 'filter'>) =>
  h.jobs.actions.run(h.by, { limit: 500, dryRun: false, ...request });
const stateOf = async (id: string) => ((await h.jobs.query.job('default', id)) as Job).state;
async function many(name: string, count: number): Promise<[workflow: string, ids: string[]]> {
  const workflow = await h.workflow(name);
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await h.submit(workflow));
  return [workflow, ids];
}

it('counts and touches nothing, then acts on the oldest up to its limit, and says how many remain', async () => {
  const [workflow, ids] = await many('limited', 5);
  const [, others] = await many('not asked for', 1);
  const filter = { workflow };
  expect(await act({ action: 'cancel', filter, dryRun: true })).toMatchObject({ ids: [], remaining: 5 });
  expect(await h.database.db.query(audited('jobs.cancel'))).toEqual([]);
  expect(await act({ action: 'cancel', filter, limit: 2 })).toMatchObject({ ids: ids.slice(0, 2), remaining: 3 });
  expect(await act({ action: 'cancel', filter })).toMatchObject({ ids: ids.slice(2), remaining: 0 });
  // Asked again, there is nothing to be done.
  expect(await act({ action: 'cancel', filter })).toEqual({
    ...{ action: 'cancel', dryRun: false, ids: [], refused: [], remaining: 0 },
  });
  expect(await Promise.all([...ids, ...others].map(stateOf))).toEqual([...ids.map(() => 'cancelled'), 'pending']);
  const [first] = await h.database.db.query(audited('jobs.cancel'));
  expect(first).toMatchObject({ subject: 'jobs', detail: { filter, limit: 2, done: 2, refused: 0, remaining: 3 } });
  const single = (await h.database.db.query(audited('job.cancel'))).map(({ subject }) => subject);
  expect(single.filter((subject) => ids.some((id) => subject.includes(id)))).toHaveLength(5);
  expect(await act({ action: 'retry', filter: { workflow, state: 'cancelled' } })).toMatchObject({ ids });
  expect(await stateOf(ids[0]!)).toBe('pending');
});

it('pauses and resumes, by state and age', async () => {
  const [workflow, ids] = await many('by age', 2);
  const future = '2099-01-01T00:00:00.000Z';
  expect(await act({ action: 'pause', filter: { workflow, createdAfter: future } })).toMatchObject({ ids: [] });
  expect(await act({ action: 'pause', filter: { workflow, since: '2020-01-01T00:00:00Z' } })).toMatchObject({ ids });
  expect(await act({ action: 'pause', filter: { workflow } })).toMatchObject({ ids: [], refused: [] });
  expect(await act({ action: 'resume', filter: { workflow, q: ids[1]! } })).toMatchObject({ ids: [ids[1]] });
  expect(await Promise.all(ids.map(stateOf))).toEqual(['paused', 'pending']);
});

it('names who refused, and goes on with the others', async () => {
  // No session says that this agent knows pauses.
  const [workflow, agent] = [await h.workflow('refusing'), await h.agent('refusing')];
  const out = await h.submit(workflow);
  await assigned(agent, out);
  const waits = await h.submit(workflow);
  await vi.waitFor(async () => expect(await stateOf(waits)).toBe('pending'));
  const done = await act({ action: 'pause', filter: { workflow } });
  expect(done).toMatchObject({ ids: [waits], refused: [{ id: out, code: 'AGENT_CANNOT_PAUSE' }], remaining: 0 });
  agent.disconnect();
});
