/** The wiring of alerts: plain objects first, then Nest's view of them. */
import type { DynamicModule } from '@nestjs/common';
import { startLoop, type Loop } from '../platform/loop.ts';
import { forget } from './alert.store.ts';
import { AlertsController } from './alerts.controller.ts';
import { AlertsService, type AlertsDependencies } from './alerts.service.ts';
import { Deliverer, type DeliverDependencies } from './deliver.ts';
import { AlertWatch, type WatchDependencies } from './watch.ts';

/** The feature, running. */
export interface Alerts {
  readonly alerts: AlertsService;
  readonly watch: AlertWatch;
  readonly deliverer: Deliverer;
  start(): void;
  stop(): Promise<void>;
}

/** How often jobs are looked at, and the outbox, milliseconds. */
const JOBS_MS = 1_000;
/** How often agents and certificates are, milliseconds. */
const STATES_MS = 15_000;
const FORGET_MS = 3_600_000;
/** What is over is kept so long. */
const KEPT_MS = 90 * 86_400_000;

/** Puts the feature together; nothing is looked at or sent before `start`. */
export function createAlerts(options: AlertsDependencies & DeliverDependencies & WatchDependencies): Alerts {
  const { db, clock, log } = options;
  const deliverer = new Deliverer(options);
  const watch = new AlertWatch(options);
  const alerts = new AlertsService(options, deliverer);
  let loops: Loop[] = [];
  const forgetOld = async (signal: AbortSignal): Promise<void> => {
    const before = new Date(clock.now().getTime() - KEPT_MS);
    while ((await forget(db, before, 500)) === 500 && !signal.aborted);
  };
  const deliver = async (signal: AbortSignal): Promise<void> => {
    while ((await deliverer.turn()) && !signal.aborted);
  };
  return {
    ...{ alerts, watch, deliverer },
    start() {
      loops = [
        startLoop({ name: 'alerts.jobs', intervalMs: JOBS_MS, log, run: (signal) => watch.lookAtJobs(signal) }),
        startLoop({ name: 'alerts.states', intervalMs: STATES_MS, log, run: () => watch.lookAtStates() }),
        startLoop({ name: 'alerts.deliver', intervalMs: JOBS_MS, log, run: deliver }),
        startLoop({ name: 'alerts.forget', intervalMs: FORGET_MS, log, run: forgetOld }),
      ];
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}

/** Nest's view. */
export function alertsModule({ alerts }: Alerts): DynamicModule {
  return {
    module: class AlertsModule {},
    controllers: [AlertsController],
    providers: [{ provide: AlertsService, useValue: alerts }],
  };
}
