/** Dead letters on a real database: which jobs are on the list, and what people do about them. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DeadLetter, Job } from '@casare/shared/api';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { countDeadLetters } from './dead-letter-counts.store.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const failed = (status: number, code: string): RunEvent[] =>
  [
    { type: 'run.started', resumed: false },
    { type: 'run.failed', error: { type: 'about:blank', status, code } },
  ].map((body, index) => ({ seq: index + 1, at, body: body as RunEventBody }));
const UNKNOWN = '0198a7c0-0000-7000-8000-000000000000';
const audited = sql<{ action: string; actor: string; detail: { jobs?: string[] } }, []>(
  'testAudited',
  'SELECT action, actor, detail FROM audit_event ORDER BY seq',
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

/** Jobs of a workflow of this name that its agent failed, in this order. */
async function dead(name: string, ...endings: [status: number, code: string][]): Promise<[string[], TestAgent]> {
  const [agent, workflow] = [await h.agent(name, 10), await h.workflow(name)];
  const jobs = endings.map(() => ({ workflow, priority: 50, requires: [], maxAttempts: 3 }));
  const ids = await h.jobs.submit.submit(h.by, jobs, null);
  if (isRefusal(ids)) throw new Error(ids.code);
  await vi.waitFor(() => expect(agent.sent).toHaveLength(ids.length), 5_000);
  for (const [index, id] of ids.entries()) await h.jobs.runs.record(agent, id, 1, failed(...endings[index]!));
  return [ids, agent];
}
async function listed(filter: object): Promise<string[]> {
  const page = (await h.jobs.deadLetters.list('default', filter, { limit: 50 })) as { items: DeadLetter[] };
  return page.items.map((letter) => letter.id);
}
async function stateOf(id: string): Promise<string> {
  return ((await h.jobs.query.job('default', id)) as Job).state;
}

describe('dead letters', () => {
  it('are listed with their reason, by filter, page by page', async () => {
    const [[flaky, wrong, other]] = await dead('listed', [503, 'FLAKY'], [400, 'DATA_INVALID'], [503, 'OTHER']);
    const workflow = 'test/listed';
    expect(await listed({ workflow })).toEqual([other, wrong, flaky]);
    expect(await listed({ workflow, reason: 'permanent' })).toEqual([wrong]);
    expect(await listed({ workflow, code: 'FLAKY' })).toEqual([flaky]);
    expect(await listed({ workflow, since: '2090-01-01T00:00:00Z' })).toEqual([]);
    expect(await listed({ workflow: 'test/none' })).toEqual([]);
    const first = await h.jobs.deadLetters.list('default', { workflow }, { limit: 2 });
    if (isRefusal(first)) throw new Error(first.code);
    const ask = { limit: 2, cursor: first.nextCursor! };
    expect(await h.jobs.deadLetters.list('default', { workflow }, ask)).toMatchObject({
      items: [{ id: flaky, reason: 'exhausted', attempts: 1, error: { code: 'FLAKY' } }],
      nextCursor: null,
    });
    expect(await h.jobs.deadLetters.list('default', {}, { limit: 2, cursor: 'bad' })).toMatchObject({
      code: 'CURSOR_INVALID',
    });
    // Another tenant has none.
    expect(await h.jobs.deadLetters.list('other', {}, { limit: 2 })).toMatchObject({ items: [] });
    expect(await h.jobs.deadLetters.get('other', flaky!)).toMatchObject({ code: 'DEAD_LETTER_NOT_FOUND' });
  });

  it('are counted by reason and workflow, those with the most first, and no further than the bound', async () => {
    await dead('counted', [503, 'FLAKY'], [400, 'DATA_INVALID'], [503, 'FLAKY']);
    await dead('counted-too', [400, 'DATA_INVALID']);
    const { db } = h.database;
    const since = new Date(Date.now() - 60_000).toISOString();
    const counts = await h.jobs.deadLetters.counts('default', { since });
    const ours = counts.workflows.filter(({ workflow }) => workflow.startsWith('test/counted'));
    expect(ours).toMatchObject([
      { workflow: 'test/counted', total: 3, reasons: { permanent: 1, ambiguous: 0, exhausted: 2 } },
      { workflow: 'test/counted-too', total: 1, reasons: { permanent: 1, ambiguous: 0, exhausted: 0 } },
    ]);
    const sum = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 0);
    expect(counts).toMatchObject({ complete: true, others: 0, total: sum(counts.workflows.map(({ total }) => total)) });
    expect(sum(Object.values(counts.reasons))).toBe(counts.total);
    const narrowed = { workflow: 'test/counted', code: 'FLAKY' };
    expect(await h.jobs.deadLetters.counts('default', narrowed)).toMatchObject({
      ...{ total: 2, reasons: { permanent: 0, ambiguous: 0, exhausted: 2 } },
    });
    // The newest two are of one workflow each.
    expect(await countDeadLetters(db, 'default', {}, { most: 2, named: 100 })).toMatchObject({
      ...{ total: 2, complete: false, others: 0 },
      workflows: [{ workflow: 'test/counted' }, { workflow: 'test/counted-too' }],
    });
    // Of workflows that are not named there is one number.
    const one = await countDeadLetters(db, 'default', { since }, { most: 100, named: 1 });
    expect(one).toMatchObject({ total: counts.total, workflows: [counts.workflows[0]] });
    expect(one.others).toBe(counts.total - counts.workflows[0]!.total);
    const none = { total: 0, complete: true, reasons: { permanent: 0, ambiguous: 0, exhausted: 0 }, workflows: [] };
    expect(await h.jobs.deadLetters.counts('other', {})).toEqual({ ...none, others: 0 });
  });

  it('show their tries', async () => {
    const [[id]] = await dead('shown', [503, 'FLAKY']);
    expect(await h.jobs.deadLetters.get('default', id!)).toMatchObject({
      id,
      input: {},
      tries: [{ attempt: 1, generation: 1, outcome: 'failed', agent: { name: 'shown' }, error: { code: 'FLAKY' } }],
    });
  });

  it('are run again one by one or by filter, each audited, and leave the list', async () => {
    const [[one, two, three], agent] = await dead('rerun', [503, 'A'], [503, 'B'], [503, 'B']);
    const filter = { workflow: 'test/rerun', code: 'B' };
    expect(await h.jobs.deadLetters.retry(h.by, { ids: [one!, UNKNOWN] })).toEqual({
      ids: [one],
      refused: [{ id: UNKNOWN, code: 'DEAD_LETTER_NOT_FOUND' }],
      more: false,
    });
    expect(await h.jobs.deadLetters.retry(h.by, { ids: [one!] })).toMatchObject({ ids: [], refused: [{ id: one }] });
    expect(await h.jobs.deadLetters.retry(h.by, { filter })).toEqual({ ids: [three, two], refused: [], more: false });
    expect(await listed({ workflow: 'test/rerun' })).toEqual([]);
    await vi.waitFor(() => expect(agent.sent).toHaveLength(6), 5_000);
    const retries = (await h.database.db.query(audited())).filter((entry) => entry.action === 'job.retry');
    expect(retries).toHaveLength(3);
  });

  it('that are purged leave the list for good, audited, and the job stays as it was', async () => {
    const [[one, two]] = await dead('purged', [503, 'A'], [503, 'B']);
    const choice = { ids: [one!, UNKNOWN] };
    expect(await h.jobs.deadLetters.purge({ tenant: 'other', actor: 'a' }, choice)).toMatchObject({ ids: [] });
    expect(await h.jobs.deadLetters.purge(h.by, choice)).toEqual({
      ids: [one],
      refused: [{ id: UNKNOWN, code: 'DEAD_LETTER_NOT_FOUND' }],
      more: false,
    });
    expect(await listed({ workflow: 'test/purged' })).toEqual([two]);
    expect(await stateOf(one!)).toBe('failed');
    expect((await h.database.db.query(audited())).at(-1)).toMatchObject({
      ...{ action: 'dead-letters.purge', actor: h.by.actor, detail: { jobs: [one] } },
    });
    // A person may run it again all the same.
    expect(await h.jobs.steer.retry(h.by, one!)).toBeNull();
  });

  it('are not jobs that succeeded, or that a person has failed', async () => {
    const [agent, workflow] = [await h.agent('decided'), await h.workflow('decided', { unsafe: true })];
    const id = await h.submit(workflow);
    await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
    const bodies: RunEventBody[] = [
      { type: 'run.started', resumed: false },
      { type: 'run.suspended', position: '/do/0/act', reason: 'in doubt' },
    ];
    await h.jobs.runs.record(
      agent,
      id,
      1,
      bodies.map((body, index) => ({ seq: index + 1, at, body })),
    );
    expect(await h.jobs.steer.review(h.by, id, { decision: 'fail', reason: 'it is wrong' })).toBeNull();
    expect(await stateOf(id)).toBe('failed');
    expect(await listed({ workflow })).toEqual([]);
  });
});
