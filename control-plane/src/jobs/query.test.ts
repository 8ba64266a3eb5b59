/** What people are told about jobs, and what lists do with cursors that nobody gave. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { api, JobState } from '@casare/shared/api';
import type { RunEvent } from '@casare/shared/protocol';
import { appendJobs } from '../live/index.ts';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { findBacklog } from './backlog.store.ts';
import { register } from './artifact.store.ts';
import type { JobFilter } from './job.store.ts';
import { assigned, jobsHarness, type JobsHarness } from './testing.ts';

const TENANT = 'default';
const cursor = (...key: string[]): string => Buffer.from(JSON.stringify(key)).toString('base64url');

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

describe('why a job is pending', () => {
  it('names the time it waits for', async () => {
    const notBefore = '2100-01-01T00:00:00.000Z';
    const id = await submit(await h.workflow('later'), { notBefore });
    expect(await h.jobs.query.whyPending(TENANT, id)).toMatchObject({
      summary: expect.stringContaining(notBefore) as string,
    });
  });

  it('names the job that holds its concurrency key', async () => {
    const workflow = await h.workflow('keyed');
    const first = await submit(workflow, { concurrencyKey: 'one' });
    await vi.waitFor(async () => {
      const summary = await h.jobs.query.whyPending(TENANT, first);
      expect(summary).toMatchObject({ summary: expect.stringContaining('No agent') as string });
    });
    const second = await submit(workflow, { concurrencyKey: 'one' });
    // The key is taken when the first one leaves the waiting room.
    await vi.waitFor(async () =>
      expect(await h.jobs.query.whyPending(TENANT, second)).toMatchObject({
        summary: expect.stringContaining(first) as string,
      }),
    );
  });
});

describe('what comes before a job', () => {
  it('is counted on its route: better or older jobs, and the guess is null until jobs have ended there', async () => {
    const workflow = await h.workflow('busy');
    await submit(workflow);
    await submit(workflow, { priority: 90 });
    const mine = await submit(workflow);
    await submit(workflow);
    await submit(workflow, { priority: 10 });
    await submit(await h.workflow('elsewhere'), { priority: 100 });
    expect(await h.jobs.query.whyPending(TENANT, mine)).toMatchObject({ ahead: 2, likelyStart: null });
  });

  it('and the guess is how often jobs of its route ended lately, times those before it', async () => {
    const db = h.database.db;
    const workflow = await h.workflow('rate');
    const ended = [await submit(workflow), await submit(workflow), await submit(workflow)];
    const changed = (jobId: string, state: JobState, attempt = 1) => ({ tenant: TENANT, jobId, state, attempt });
    await db.transaction((tx) =>
      appendJobs(
        tx,
        [
          ...ended.map((id) => changed(id, 'succeeded')),
          // Neither a start nor a job that was cancelled before it ran says how quickly jobs end.
          ...[changed(ended[0]!, 'running'), changed(ended[0]!, 'leased'), changed(ended[0]!, 'cancelled', 0)],
        ],
        new Date(),
      ),
    );
    await db.execute(ageEvents());
    const mine = await submit(workflow);
    const backlog = await findBacklog(db, TENANT, mine);
    expect(backlog).toMatchObject({ ahead: 3, endings: 3 });
    expect(backlog!.spanMs).toBeGreaterThanOrEqual(60_000);
    expect(backlog!.spanMs).toBeLessThan(120_000);
  });
});

const ageEvents = sql<never, []>('testAgeEvents', `UPDATE live_event SET at = at - interval '1 minute'`);

describe('a list', () => {
  it.each([
    ['of jobs', '-'.repeat(36)],
    ['of jobs', 'zzz'],
  ])('%s refuses the cursor %s', async (_, key) => {
    const filter = { state: null, workflow: null, agent: null, since: null, text: null };
    const page = await h.jobs.query.jobs(TENANT, filter, { limit: 1, cursor: cursor(key) });
    expect(page).toMatchObject({ code: 'CURSOR_INVALID' });
  });

  it.each([
    ['2147483648', '0'],
    ['0', '9007199254740991'],
    ['-1', '0'],
    ['1.5', '0'],
    ['', ''],
  ])('of steps and logs refuses the cursor %s, %s', async (attempt, seq) => {
    const id = await submit(await h.workflow(`steps ${attempt} ${seq}`));
    const ask = { limit: 1, cursor: cursor(attempt, seq) };
    expect(await h.jobs.query.steps(TENANT, id, ask)).toMatchObject({ code: 'CURSOR_INVALID' });
    expect(await h.jobs.query.logs(TENANT, id, ask)).toMatchObject({ code: 'CURSOR_INVALID' });
  });

  it('of files refuses a cursor that no database can read, and pages past the longest name', async () => {
    const agent = await h.agent('files');
    const id = await submit(await h.workflow('files'));
    await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
    expect(await h.jobs.query.artifacts(TENANT, id, { limit: 1, cursor: cursor('output', '\u0000') })).toMatchObject({
      code: 'CURSOR_INVALID',
    });
    const writer = { ...agent, jobId: id, attempt: 1 };
    const file = { kind: 'output', mediaType: 'text/plain', bytes: 1, sha256: '0'.repeat(64), position: null };
    for (const name of ['ä'.repeat(500), 'ö'.repeat(500)]) {
      const id = crypto.randomUUID();
      await h.database.db.transaction((tx) => register(tx, writer, { ...file, id, name }));
    }
    const first = await h.jobs.query.artifacts(TENANT, id, { limit: 1 });
    if (isRefusal(first)) throw new Error(first.code);
    // As it comes back over REST.
    const ask = api.jobs.artifacts.query.parse({ limit: '1', cursor: first.nextCursor });
    const second = await h.jobs.query.artifacts(TENANT, id, ask);
    expect(second).toMatchObject({ items: [{ name: expect.stringMatching(/^.{500}$/u) as string }], nextCursor: null });
    agent.disconnect();
  });
});

describe('the filters of the list', () => {
  it('find what they say, alone and together', async () => {
    const before = new Date(Date.now() - 1_000).toISOString();
    const [one, two] = [await submit(await h.workflow('sought')), await submit(await h.workflow('soughtful'))];
    const agent = await h.agent('soughtful');
    await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
    const none = { state: null, workflow: null, agent: null, since: null, text: null };
    const list = async (filter: object): Promise<string[]> => {
      const page = await h.jobs.query.jobs(TENANT, { ...none, ...filter }, { limit: 200 });
      if (isRefusal(page)) throw new Error(page.code);
      return page.items.map((job) => job.id).filter((id) => id === one || id === two);
    };
    expect(await list({})).toEqual([two, one]);
    expect(await list({ workflow: 'test/sought' })).toEqual([one]);
    expect(await list({ workflow: 'test/nothing' })).toEqual([]);
    expect(await list({ state: 'leased' })).toEqual([two]);
    expect(await list({ agent: agent.agentId })).toEqual([two]);
    expect(await list({ since: before })).toEqual([two, one]);
    expect(await list({ since: new Date(Date.now() + 60_000).toISOString() })).toEqual([]);
    expect(await list({ text: 'sought' })).toEqual([two, one]);
    expect(await list({ text: 'tful' })).toEqual([two]);
    expect(await list({ text: one })).toEqual([one]);
    expect(await list({ text: one.slice(4, 30) })).toEqual([one]);
    expect(await list({ text: one, workflow: 'test/soughtful' })).toEqual([]);
    expect(await list({ text: 'sought', workflow: 'test/sought' })).toEqual([one]);
    expect(await list({ text: 'nowhere' })).toEqual([]);
    expect(await list({ until: before })).toEqual([]);
    expect(await list({ since: before, until: new Date(Date.now() + 60_000).toISOString() })).toEqual([two, one]);
    const up = await h.jobs.query.jobs(TENANT, none, { limit: 200, sort: 'createdAt' });
    if (isRefusal(up)) throw new Error(up.code);
    expect(up.items.map((job) => job.id).filter((id) => id === one || id === two)).toEqual([one, two]);
    agent.disconnect();
  });
});

describe('the list of a state', () => {
  it('follows a job from the queue to its end, and a retry, and knows who ran it', async () => {
    const id = await submit(await h.workflow('followed'));
    const later = await submit('test/followed', { notBefore: '2100-01-01T00:00:00.000Z' });
    const none = { state: null, workflow: null, agent: null, since: null, text: null };
    const foundAs = async (narrow: Partial<JobFilter> = {}): Promise<JobState[]> => {
      const states: JobState[] = [];
      for (const state of JobState.options) {
        const page = await h.jobs.query.jobs(TENANT, { ...none, ...narrow, state }, { limit: 200 });
        if (!isRefusal(page) && page.items.some((job) => job.id === id)) states.push(state);
      }
      return states;
    };
    expect(await foundAs()).toEqual(['pending']);
    const pending = await h.jobs.query.jobs(TENANT, { ...none, state: 'pending' }, { limit: 2 });
    expect(pending).toMatchObject({ items: [{ id: later }, { id }] });
    const agent = await h.agent('followed');
    const { attempt } = await assigned(agent, id);
    const mine = { agent: agent.agentId };
    expect([await foundAs(), await foundAs(mine)]).toEqual([['leased'], ['leased']]);
    const record = (...events: RunEvent[]) => h.jobs.runs.record(agent, id, attempt, events);
    const at = new Date().toISOString();
    await record({ seq: 1, at, body: { type: 'run.started', resumed: false } });
    expect([await foundAs(), await foundAs(mine)]).toEqual([['running'], ['running']]);
    const error = { type: 'about:blank', status: 500, title: 'no' };
    await record({ seq: 2, at, body: { type: 'run.failed', error } });
    expect([await foundAs(), await foundAs(mine)]).toEqual([['failed'], ['failed']]);
    agent.disconnect();
    await h.jobs.steer.retry(h.by, id);
    expect([await foundAs(), await foundAs(mine)]).toEqual([['pending'], []]);
    const again = await h.agent('followed');
    await assigned(again, id, 2);
    await h.jobs.runs.record(again, id, 2, [
      { seq: 1, at, body: { type: 'run.started', resumed: false } },
      { seq: 2, at, body: { type: 'run.completed', output: null } },
    ]);
    expect([await foundAs(), await foundAs({ agent: again.agentId })]).toEqual([['succeeded'], ['succeeded']]);
    again.disconnect();
  });
});

describe('a time', () => {
  it.each(['0000-01-01T00:00:00Z', `2026-01-01T00:00:00.${'0'.repeat(300)}Z`])('%s is refused at the edge', (since) => {
    expect(api.jobs.list.query.safeParse({ since }).success).toBe(false);
    expect(api.jobs.submit.body.safeParse({ workflow: 'a/b', deadline: since }).success).toBe(false);
  });
});
