/** The wiring of schedules: plain objects first, then Nest's view of them. */
import type { DynamicModule } from '@nestjs/common';
import { FiringService, type FiringDependencies } from './firing.service.ts';
import { SchedulesController } from './schedules.controller.ts';
import { SchedulesService, type SchedulesDependencies } from './schedules.service.ts';

/** The feature, running. */
export interface Schedules {
  readonly schedules: SchedulesService;
  readonly firing: FiringService;
}

/** Puts the feature together; nothing is fired before `firing.start`. */
export function createSchedules(dependencies: FiringDependencies & SchedulesDependencies): Schedules {
  return { schedules: new SchedulesService(dependencies), firing: new FiringService(dependencies) };
}

/** Nest's view. */
export function schedulesModule({ schedules, firing }: Schedules): DynamicModule {
  return {
    module: class SchedulesModule {},
    controllers: [SchedulesController],
    providers: [
      { provide: SchedulesService, useValue: schedules },
      { provide: FiringService, useValue: firing },
    ],
  };
}
