/** Schedules: jobs that are submitted by the clock. */
export { createSchedules, schedulesModule } from './schedules.module.ts';
