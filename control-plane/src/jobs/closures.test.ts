/** Pauses and maintenance windows on a real database: what is closed gets no new jobs, and gets them again afterwards. */
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { jobsHarness, type JobsHarness } from './testing.ts';

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness();
  await h.jobs.start();
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

const openAll = sql('testOpenAll', 'DELETE FROM closure');
const audited = sql<{ action: string }, []>('testAudited', 'SELECT action FROM audit_event ORDER BY seq');
beforeEach(async () => {
  await h.database.db.execute(openAll());
  await h.jobs.closures.look();
});

const submit = (workflow: string, more: object = {}): Promise<string> => h.submit(workflow, more);
const routeOf = async () => {
  const page = await h.jobs.closures.routes('default', { limit: 1 });
  if (isRefusal(page)) throw new Error(page.code);
  return page.items[0]!;
};
const always = { reason: 'new press', times: { kind: 'always' as const } };

it('a paused route keeps its jobs, says so, and gives them when it is resumed; pausing twice is once', async () => {
  const agent = await h.agent('paused');
  const workflow = await h.workflow('paused');
  await submit(workflow);
  await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
  agent.disconnect();
  const route = await routeOf();
  expect(await h.jobs.closures.act(h.by, route.id, 'pause')).toMatchObject({ paused: true });
  expect(await h.jobs.closures.act(h.by, route.id, 'pause')).toMatchObject({ paused: true });
  await h.jobs.closures.look();
  const held = await submit(workflow);
  const idle = await h.agent('paused', 5);
  const other = await h.agent('open');
  await submit(await h.workflow('open'));
  await vi.waitFor(() => expect(other.sent).toHaveLength(1), 5_000);
  expect(idle.sent).toHaveLength(0);
  expect(await h.jobs.query.whyPending('default', held)).toMatchObject({
    summary: 'Its route is paused or in maintenance: paused.',
    likelyStart: null,
  });
  expect(await h.jobs.closures.act(h.by, route.id, 'resume')).toMatchObject({ paused: false, id: route.id });
  await vi.waitFor(() => expect(idle.sent).toHaveLength(1), 5_000);
  const actions = (await h.database.db.query(audited())).map(({ action }) => action);
  expect(actions.filter((action) => /maintenance|route/.test(action))).toEqual([
    'maintenance.created',
    'route.resumed',
  ]);
});

it('an agent in maintenance gets nothing new, and gets its jobs when the window is removed', async () => {
  const agent = await h.agent('serviced');
  const created = await h.jobs.closures.create(h.by, { scope: 'agent', target: agent.agentId, ...always });
  if (isRefusal(created)) throw new Error(created.code);
  expect(created).toMatchObject({ closed: true });
  await h.jobs.closures.look();
  await submit(await h.workflow('serviced'));
  const other = await h.agent('beside');
  await submit(await h.workflow('beside'));
  await vi.waitFor(() => expect(other.sent).toHaveLength(1), 5_000);
  expect(agent.sent).toHaveLength(0);
  expect(await h.jobs.closures.remove(h.by, created.id)).toBeUndefined();
  await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
  expect(await h.jobs.closures.remove(h.by, created.id)).toMatchObject({ code: 'CLOSURE_NOT_FOUND' });
});

it('another tenant closes nothing of ours, and a window that is over closes nothing', async () => {
  const agent = await h.agent('ours');
  await submit(await h.workflow('ours'));
  await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
  const route = await routeOf();
  const stranger = { tenant: 'globex', actor: 'account:x' };
  expect(await h.jobs.closures.act(stranger, route.id, 'pause')).toMatchObject({ code: 'ROUTE_UNKNOWN' });
  const past = { kind: 'once' as const, from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' };
  const over = await h.jobs.closures.create(h.by, { scope: 'route', target: route.id, reason: 'past', times: past });
  expect(over).toMatchObject({ closed: false });
  const twice = { scope: 'site' as const, target: 'berlin', ...always };
  await h.jobs.closures.create(h.by, twice);
  expect(await h.jobs.closures.create(h.by, twice)).toMatchObject({ code: 'CLOSURE_EXISTS' });
  expect(await h.jobs.closures.closedNow('default')).toMatchObject([{ scope: 'site', target: 'berlin' }]);
});
