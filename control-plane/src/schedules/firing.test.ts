import type { Firing } from '@casare/shared/api';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { openSchedulesDesk, type SchedulesDesk } from './testing.ts';

let desk: SchedulesDesk;
beforeAll(async () => {
  desk = await openSchedulesDesk();
});
afterAll(() => desk.close());

const H = 3_600_000;
const setState = sql<never, [id: string, state: string]>('testSetState', 'UPDATE job SET state = $2 WHERE id = $1');
const failWrites = sql<never, []>(
  'testFailJobs',
  `ALTER TABLE schedule_firing ADD CONSTRAINT broken CHECK (false) NOT VALID`,
);
const mendWrites = sql<never, []>('testMendJobs', `ALTER TABLE schedule_firing DROP CONSTRAINT broken`);

/** To the next full hour, and as much past it. */
function nextHour(past = 500): void {
  desk.clock.advance(H - (desk.clock.now().getTime() % H) + past);
}
const statesOf = async (id: string) => (await desk.jobsOf(id)).map(({ state }) => state);
async function firingsOf(id: string): Promise<Firing[]> {
  const page = await desk.first.schedules.firings('default', id, { limit: 50 });
  if (isRefusal(page)) throw new Error(page.code);
  return page.items;
}
const outcomes = async (id: string) => (await firingsOf(id)).map(({ outcome }) => outcome).toReversed();

describe('a time that is come to', () => {
  test('gives one job, whatever number of replicas and turns come to it', async () => {
    const { id } = await desk.schedule('once');
    await desk.first.firing.look();
    expect(await desk.jobsOf(id)).toEqual([]);
    const replicas = [desk.first, ...Array.from({ length: 4 }, () => desk.replica(desk.house.replica()))];
    for (let hour = 1; hour <= 5; hour += 1) {
      nextHour();
      await Promise.all(replicas.flatMap(({ firing }) => [firing.look(), firing.look()]));
      const jobs = await desk.jobsOf(id);
      expect(jobs).toHaveLength(hour);
      await desk.house.database.db.execute(setState(jobs.at(-1)!.id, 'succeeded'));
    }
    expect(await outcomes(id)).toEqual(Array(5).fill('submitted'));
    const listed = await firingsOf(id);
    expect(listed[0]!.dueAt).toMatch(/:00:00\.000Z$/);
    expect(listed.map(({ jobId }) => jobId).toReversed()).toEqual((await desk.jobsOf(id)).map((job) => job.id));
  });

  test('that fails in its transaction leaves nothing, and the next turn comes to it', async () => {
    const { id } = await desk.schedule('broken off');
    nextHour();
    await desk.house.database.db.execute(failWrites());
    await desk.first.firing.look();
    expect([await desk.jobsOf(id), await firingsOf(id)]).toEqual([[], []]);
    await desk.house.database.db.execute(mendWrites());
    await desk.first.firing.look();
    expect(await outcomes(id)).toEqual(['submitted']);
    expect(await desk.jobsOf(id)).toHaveLength(1);
  });

  test('whose job is refused is on record with the reason, and the schedule goes on', async () => {
    const schedule = await desk.schedule('refused');
    const gone = vi.spyOn(desk.house.workflows, 'resolve');
    gone.mockResolvedValue({ refused: 'not_found', code: 'WORKFLOW_NOT_FOUND', title: 'It is gone.' });
    nextHour();
    await desk.first.firing.look();
    gone.mockRestore();
    expect((await firingsOf(schedule.id))[0]).toMatchObject({
      ...{ outcome: 'refused', code: 'WORKFLOW_NOT_FOUND', reason: 'It is gone.', jobId: null },
    });
    nextHour();
    await desk.first.firing.look();
    expect(await outcomes(schedule.id)).toEqual(['refused', 'submitted']);
  });
});

describe('a tenant that is suspended', () => {
  const setTenant = sql<never, [state: string, since: Date]>(
    'testSetTenantState',
    `UPDATE tenant SET state = $1, state_since = $2 WHERE id = 'default'`,
  );
  const move = (state: string) => desk.house.database.db.execute(setTenant(state, desk.clock.now()));
  const firing = async (id: string) =>
    (await firingsOf(id)).map(({ outcome, code, dueAt, untilAt }) => [outcome, code, dueAt, untilAt]).toReversed();

  test('submits nothing, by the clock or by hand; resumed, each schedule catches up by its own rule', async () => {
    const none = await desk.schedule('no catch-up', { catchUp: { kind: 'none' } });
    const last = await desk.schedule('catches up with the last', { catchUp: { kind: 'last' }, overlap: 'queue' });
    const two = await desk.schedule('catches up with two', { catchUp: { kind: 'all', limit: 2 }, overlap: 'queue' });
    const all = [none, last, two];
    await move('suspended');
    const hours: string[] = [];
    for (let hour = 0; hour < 4; hour += 1) {
      nextHour(0);
      hours.push(desk.clock.now().toISOString());
      desk.clock.advance(500);
      await desk.first.firing.look();
    }
    expect(await desk.first.firing.trigger(desk.caller, none.id)).toMatchObject({ code: 'SCHEDULE_BUSY' });
    for (const { id } of all) expect([await desk.jobsOf(id), await firingsOf(id)]).toEqual([[], []]);
    desk.clock.advance(120_000);
    await move('active');
    await desk.first.firing.look();
    const [first, second, third, fourth] = hours as [string, string, string, string];
    const missed = (from: string, until: string) => ['missed', 'TENANT_SUSPENDED', from, until];
    const run = (time: string) => ['submitted', null, time, null];
    expect(await firing(none.id)).toEqual([missed(first, fourth)]);
    expect(await firing(last.id)).toEqual([missed(first, third), run(fourth)]);
    expect(await firing(two.id)).toEqual([missed(first, second), run(third), run(fourth)]);
    nextHour();
    await desk.first.firing.look();
    for (const { id } of all) expect((await outcomes(id)).at(-1)).toBe('submitted');
  });

  test('between the look and the submit keeps its time for when it is resumed', async () => {
    const { id } = await desk.schedule('raced', { catchUp: { kind: 'last' } });
    nextHour();
    const resolve = desk.house.workflows.resolve.bind(desk.house.workflows);
    // Jobs know of it first, or the schedule does.
    for (const refused of [true, false]) {
      const meanwhile = vi.spyOn(desk.house.workflows, 'resolve').mockImplementation(async (...which) => {
        if (refused) return { refused: 'denied', code: 'TENANT_SUSPENDED', title: 'It is suspended.' };
        await move('suspended');
        return resolve(...which);
      });
      await desk.first.firing.look();
      meanwhile.mockRestore();
      await move('active');
      expect([await desk.jobsOf(id), await firingsOf(id)]).toEqual([[], []]);
    }
    await desk.first.firing.look();
    expect(await outcomes(id)).toEqual(['submitted']);
  });
});

describe('an earlier job that is not over', () => {
  test('skip: nothing is submitted until it is over, also when it waits for a person', async () => {
    const { id } = await desk.schedule('skips');
    for (const state of ['pending', 'needs_review', 'failed']) {
      nextHour();
      await desk.first.firing.look();
      const [job] = await desk.jobsOf(id);
      await desk.house.database.db.execute(setState(job!.id, state));
    }
    nextHour();
    await desk.first.firing.look();
    expect(await outcomes(id)).toEqual(['submitted', 'skipped', 'skipped', 'submitted']);
    expect((await firingsOf(id)).filter(({ outcome }) => outcome === 'skipped')[0]!.code).toBe('STILL_RUNNING');
  });

  test('queue: the next ones wait behind it, one after the other', async () => {
    const { id } = await desk.schedule('queues', { overlap: 'queue' });
    for (let n = 0; n < 3; n += 1) {
      nextHour();
      await desk.first.firing.look();
    }
    expect(await statesOf(id)).toEqual(['pending', 'pending', 'pending']);
    const keys = sql<{ jobs: number }, [key: string]>(
      'testWithKey',
      'SELECT count(*)::int AS jobs FROM job WHERE concurrency_key = $1',
    );
    expect(await desk.house.database.db.query(keys(`schedule:${id}`))).toEqual([{ jobs: 3 }]);
  });

  test('cancel: it is cancelled, unless it waits for a person; also by another replica after a crash', async () => {
    const { id } = await desk.schedule('cancels', { overlap: 'cancel' });
    nextHour();
    await desk.first.firing.look();
    nextHour();
    await desk.first.firing.look();
    expect(await statesOf(id)).toEqual(['cancelled', 'pending']);
    await desk.house.database.db.execute(setState((await desk.jobsOf(id))[1]!.id, 'needs_review'));
    nextHour();
    await desk.first.firing.look();
    expect(await statesOf(id)).toEqual(['cancelled', 'needs_review', 'pending']);
    // One that dies after its COMMIT and before it has cancelled anything.
    const { submit } = desk.house.jobs;
    const dying = desk.replica({ ...desk.house.jobs, submit, steer: null as never });
    nextHour();
    await expect(dying.firing.look()).rejects.toThrow();
    expect(await statesOf(id)).toEqual(['cancelled', 'needs_review', 'pending', 'pending']);
    await desk.first.firing.look();
    expect(await statesOf(id)).toEqual(['cancelled', 'needs_review', 'cancelled', 'pending']);
  });
});

test('times that passed while nothing ran are caught up with as the schedule says', async () => {
  const none = await desk.schedule('none');
  const last = await desk.schedule('last', { catchUp: { kind: 'last' } });
  const all = await desk.schedule('all', { catchUp: { kind: 'all', limit: 3 } });
  desk.clock.advance(5 * H);
  nextHour(30 * 60_000);
  await Promise.all([desk.first.firing.look(), desk.replica(desk.house.replica()).firing.look()]);
  expect(await outcomes(none.id)).toEqual(['missed']);
  expect(await outcomes(last.id)).toEqual(['missed', 'submitted']);
  expect(await outcomes(all.id)).toEqual(['missed', 'submitted', 'submitted', 'submitted']);
  const [missed] = await firingsOf(none.id);
  expect(Date.parse(missed!.untilAt!) - Date.parse(missed!.dueAt)).toBe(5 * H);
  const due = (await firingsOf(all.id)).map(({ dueAt }) => Date.parse(dueAt));
  expect([due[0]! - due[1]!, due[1]! - due[2]!]).toEqual([H, H]);
});

describe('a person', () => {
  test('triggers it now, also while it is disabled; what is still running refuses by its policy', async () => {
    const schedule = await desk.schedule('by hand', { enabled: false });
    expect(schedule.nextRuns).toEqual([]);
    const fired = await desk.first.firing.trigger(desk.caller, schedule.id);
    expect(fired).toMatchObject({ cause: 'person', outcome: 'submitted' });
    expect(await desk.first.firing.trigger(desk.caller, schedule.id)).toMatchObject({ code: 'SCHEDULE_STILL_RUNNING' });
    nextHour();
    await desk.first.firing.look();
    expect(await desk.jobsOf(schedule.id)).toHaveLength(1);
  });

  test('two at once trigger it twice where jobs may queue, and once where they may not', async () => {
    const queued = await desk.schedule('two queue', { overlap: 'queue' });
    const skipped = await desk.schedule('two skip');
    const both = (id: string) =>
      Promise.all(
        [desk.first, desk.replica(desk.house.replica())].map(({ firing }) => firing.trigger(desk.caller, id)),
      );
    expect((await both(queued.id)).filter(isRefusal)).toEqual([]);
    expect((await both(skipped.id)).filter(isRefusal)).toHaveLength(1);
    expect([(await desk.jobsOf(queued.id)).length, (await desk.jobsOf(skipped.id)).length]).toEqual([2, 1]);
  });

  test('disables it: nothing comes; enabled again it does not catch up; removed, its jobs stay', async () => {
    const { id } = await desk.schedule('on and off', { catchUp: { kind: 'all', limit: 10 } });
    await desk.first.schedules.act(desk.caller, id, 'disable');
    desk.clock.advance(10 * H);
    await desk.first.firing.look();
    expect(await desk.first.schedules.act(desk.caller, id, 'enable')).toMatchObject({ enabled: true });
    await desk.first.firing.look();
    expect(await firingsOf(id)).toEqual([]);
    nextHour();
    await desk.first.firing.look();
    expect(await outcomes(id)).toEqual(['submitted']);
    expect(await desk.first.schedules.remove(desk.caller, id)).toBeUndefined();
    expect(await desk.jobsOf(id)).toHaveLength(1);
    expect(await desk.first.schedules.get('default', id)).toMatchObject({ code: 'SCHEDULE_NOT_FOUND' });
  });

  test('changes it: another time counts from now on, another input does not put it off', async () => {
    const made = await desk.schedule('changed');
    const { name, job, overlap, catchUp } = made;
    const request = { name, job, overlap, catchUp, cron: '0 * * * *', timeZone: 'UTC', enabled: true };
    const first = made.nextRuns[0]!;
    desk.clock.advance(5 * H);
    expect(await desk.first.schedules.update(desk.caller, made.id, { ...request, overlap: 'queue' })).toMatchObject({
      overlap: 'queue',
    });
    await desk.first.firing.look();
    expect((await firingsOf(made.id)).at(-1)!.dueAt).toBe(first);
    const daily = await desk.first.schedules.update(desk.caller, made.id, {
      ...request,
      cron: '15 6 * * *',
      timeZone: 'Asia/Tokyo',
    });
    expect(isRefusal(daily) ? [] : daily.nextRuns.map((at) => at.slice(10))).toEqual(Array(5).fill('T21:15:00.000Z'));
    const other = await desk.schedule('taken');
    expect(await desk.first.schedules.update(desk.caller, other.id, request)).toMatchObject({
      code: 'SCHEDULE_EXISTS',
    });
    expect(await desk.first.schedules.get('other', made.id)).toMatchObject({ code: 'SCHEDULE_NOT_FOUND' });
  });
});
