/** For tests of this room: schedules over real jobs on a database of their own, by a clock that is moved by hand. */
import { ScheduleRequest, type Schedule } from '@casare/shared/api';
import { jobsHarness, type JobsHarness } from '../jobs/testing.ts';
import type { Jobs } from '../jobs/index.ts';
import { LiveService } from '../live/index.ts';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import type { Caller } from '../platform/http/caller.ts';
import { createIds } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { isRefusal } from '../platform/refusal.ts';
import { createSchedules, type Schedules } from './schedules.module.ts';

export interface ScheduledJobRow {
  readonly id: string;
  readonly state: string;
  readonly createdBy: string;
}

export interface SchedulesDesk {
  readonly clock: ManualClock;
  readonly house: JobsHarness;
  readonly caller: Caller;
  readonly first: Schedules;
  /** The same over another replica of the jobs. */
  replica(jobs?: Jobs): Schedules;
  /** A schedule of a workflow of its own, every hour by UTC unless said otherwise. */
  schedule(name: string, more?: Partial<ScheduleRequest>): Promise<Schedule>;
  /** Jobs that a schedule submitted, oldest first. */
  jobsOf(id: string): Promise<ScheduledJobRow[]>;
  close(): Promise<void>;
}

const jobsBy = sql<ScheduledJobRow, [actor: string]>(
  'testJobsBy',
  `SELECT id, state, created_by AS "createdBy" FROM job WHERE created_by = $1 ORDER BY id`,
);

export async function openSchedulesDesk(): Promise<SchedulesDesk> {
  const house = await jobsHarness();
  const clock = new ManualClock('2026-01-01T00:30:00Z');
  const { db } = house.database;
  const caller: Caller = {
    ...{ ...house.by, accountId: 'a', credential: 'key:k', role: 'owner', scopes: null },
    ...{ email: null, via: 'apiKey', csrfToken: null },
  };
  const replica = (jobs: Jobs = house.jobs): Schedules =>
    createSchedules({
      ...{ db, clock, ids: createIds(clock), log: silentLog, workflows: house.workflows, jobs },
      live: new LiveService(db),
    });
  const first = replica();
  return {
    ...{ clock, house, caller, first, replica },
    async schedule(name, more = {}) {
      const workflow = await house.workflow(name);
      const request = ScheduleRequest.parse({ name, cron: '0 * * * *', job: { workflow }, ...more });
      const made = await first.schedules.create(caller, request);
      if (isRefusal(made)) throw new Error(made.code);
      return made;
    },
    jobsOf: (id) => db.query(jobsBy(`schedule:${id}`)),
    close: () => house.close(),
  };
}
