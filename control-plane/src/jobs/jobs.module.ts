/** The wiring of the jobs feature: plain objects first, then Nest's view of them. */
import type { DynamicModule } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { appendAudit } from '../audit/index.ts';
import type { LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import { gather, type Database } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { Metrics } from '../platform/metrics.ts';
import { Singletons } from '../platform/singletons.ts';
import { ArtifactFiles, type Bucket } from './artifact-files.ts';
import { ArtifactLinks } from './artifact-links.service.ts';
import { ArtifactsService } from './artifacts.service.ts';
import { buildAssignment } from './assignment.ts';
import { DeadLettersController } from './dead-letters.controller.ts';
import { DeadLettersService, type DeadLetterDependencies } from './dead-letters.service.ts';
import { ClosuresService } from './closures.service.ts';
import { Dispatcher } from './dispatcher.ts';
import { JobMetrics } from './job-metrics.ts';
import { findAssignments, type JobRef } from './job.store.ts';
import { JobsController } from './jobs.controller.ts';
import { startHistory } from './history.ts';
import { ManyService } from './many.service.ts';
import { OrphanSweep } from './orphans.ts';
import { QueryService, type CountsPort, type FitnessPort } from './query.service.ts';
import { NO_QUOTAS, type JobQuotas } from './quotas.port.ts';
import { postgresQueue } from './queue-postgres.store.ts';
import { RunRecordService } from './run-record.service.ts';
import { RoutesController } from './routes.controller.ts';
import { RunsService } from './runs.service.ts';
import { JobActionsService } from './job-actions.service.ts';
import { SteerService } from './steer.service.ts';
import { SubmitService, type SubmitDependencies } from './submit.service.ts';
import { DEFAULT_TIMES, startSweeps, type JobTimes } from './sweeps.ts';
import type { SecretsPort, WorkflowsPort } from './workflows.port.ts';

/** What jobs need from the rest of the house. */
export interface JobsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly live: LiveService;
  readonly workflows: WorkflowsPort;
  readonly secrets: SecretsPort;
  readonly fitness: FitnessPort;
  /** Absent: counted from what `fitness` lists. */
  readonly counts?: CountsPort;
  readonly agentIds: SubmitDependencies['agentIds'];
  readonly sealedAmong?: SubmitDependencies['sealedAmong'];
  /** Absent: nobody has a quota. */
  readonly quotas?: JobQuotas;
  /** Data directory of the control plane. */
  readonly home: string;
  /** Where files are kept that are complete; absent: in the home. */
  readonly bucket?: Bucket | null;
  /** After how many days a file that no record names is taken away; null or absent: never. */
  readonly orphanDays?: number | null;
  /** What this installation is called in a bucket; absent: as this process. */
  readonly keeper?: () => Promise<string>;
  readonly metrics?: Metrics;
  /** Under which links to artifacts are signed; absent: a key of this process. */
  readonly linkKey?: () => Promise<Uint8Array>;
  /** Where people reach the web. */
  readonly webUrl?: string;
  /** The oldest heartbeat that a gateway may renew leases on, milliseconds. */
  readonly heartbeatMs: number;
  /** How long a job is kept after the day of its submit; null: for ever. Left out: days are neither made nor dropped. */
  readonly historyDays?: number | null;
  /** The page that shows run records; null where it is not built. */
  readonly viewer?: () => Promise<string | null>;
  /** Spreads retries; `Math.random` when absent. */
  readonly random?: () => number;
  /** Other times than those of the protocol, for tests that cannot wait a minute. */
  readonly times?: Partial<JobTimes>;
}

/** The feature, running. */
export interface Jobs {
  readonly submit: SubmitService;
  readonly query: QueryService;
  readonly many: ManyService;
  readonly steer: SteerService;
  readonly actions: JobActionsService;
  readonly closures: ClosuresService;
  readonly deadLetters: DeadLettersService;
  readonly runs: RunsService;
  readonly artifacts: ArtifactsService;
  /** The bytes of artifacts. */
  readonly files: ArtifactFiles;
  readonly records: RunRecordService;
  readonly links: ArtifactLinks;
  readonly dispatcher: Dispatcher;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Puts the feature together; nothing runs before `start`. */
export function createJobs(options: JobsOptions): Jobs {
  const { db, clock, live, log } = options;
  const assignmentOf = gather({ run: (jobs: readonly JobRef[]) => findAssignments(db, jobs), most: 200, runs: 2 });
  const times = { ...DEFAULT_TIMES, ...options.times };
  const { quotas = NO_QUOTAS } = options;
  const deps = { ...options, quotas, queue: postgresQueue(clock), times, assignmentOf };
  const runs = new RunsService(deps);
  const dispatcher = new Dispatcher({
    ...deps,
    recountMs: deps.times.recountMs,
    onLeased: (jobs) => numbers.leased(jobs),
    build: (key, known) => buildAssignment(deps, key, known),
    refuse: (key, agentId, code, reason) =>
      runs.refused({ tenant: key.tenant, agentId }, key.jobId, key.attempt, code, reason),
  });
  runs.dispatcher = dispatcher;
  const numbers = new JobMetrics({
    ...{ db, clock, log, metrics: options.metrics ?? new Metrics(), intervalMs: times.countMs },
    occupancy: () => dispatcher.occupancy(),
  });
  const files = new ArtifactFiles(path.join(options.home, 'artifacts'), options.bucket);
  const own = randomBytes(32);
  const { historyDays: keepDays, orphanDays, metrics, keeper = () => Promise.resolve(own.toString('hex')) } = options;
  const orphans = (days: number | null) => new OrphanSweep({ db, clock, log, files, days, keeper, metrics });
  const singletons = new Singletons(deps);
  let sweeps: ReturnType<typeof startSweeps> | null = null;
  const promote = (): void => sweeps?.promote();
  runs.onEnded = promote;
  const audit: DeadLetterDependencies['audit'] = (tx, by, action, subject, detail) =>
    appendAudit(tx, { tenant: by.tenant, actor: by.actor, action, subject, detail });
  const bounds = { ...times, heartbeatMs: options.heartbeatMs };
  const steer = new SteerService({ ...deps, dispatcher, onPromotable: promote, audit, bounds });
  const artifacts = new ArtifactsService({ db, live, clock, files, quotas });
  const { linkKey = () => Promise.resolve(own) } = options;
  const { workflows, viewer = () => Promise.resolve(null) } = options;
  const closures = new ClosuresService({ ...deps, audit, onChanged: (closed) => dispatcher.close(closed) });
  return {
    submit: new SubmitService({ ...deps, placer: dispatcher, onReady: () => dispatcher.wake(), onWaiting: promote }),
    query: new QueryService({ ...options, quotas, closures }),
    many: new ManyService(db),
    steer,
    closures,
    actions: new JobActionsService({ db, steer, audit }),
    deadLetters: new DeadLettersService({ db, audit, retry: (by, id) => steer.retry(by, id) }),
    runs,
    artifacts,
    files,
    links: new ArtifactLinks({ db, clock, artifacts, audit, key: linkKey, webUrl: options.webUrl ?? '' }),
    records: new RunRecordService({ db, clock, workflows, artifacts, viewer }),
    dispatcher,
    async start() {
      await closures.look();
      await dispatcher.start();
      closures.start();
      if (metrics) numbers.start();
      if (keepDays !== undefined) startHistory({ db, clock, log, files, keepDays }, singletons);
      if (orphanDays !== undefined) orphans(orphanDays).start(singletons);
      sweeps = startSweeps({ ...deps, log, dispatcher, singletons });
      singletons.start();
    },
    async stop() {
      await Promise.all([sweeps?.stop(), singletons.stop(), closures.stop(), numbers.stop()]);
      await dispatcher.stop();
      await runs.drain();
    },
  };
}

/** Nest's view: the controller and the services it asks for. */
export function jobsModule(jobs: Jobs): DynamicModule {
  return {
    module: class JobsModule {},
    controllers: [RoutesController, JobsController, DeadLettersController],
    providers: [
      { provide: SubmitService, useValue: jobs.submit },
      { provide: QueryService, useValue: jobs.query },
      { provide: ClosuresService, useValue: jobs.closures },
      { provide: SteerService, useValue: jobs.steer },
      { provide: JobActionsService, useValue: jobs.actions },
      { provide: DeadLettersService, useValue: jobs.deadLetters },
      { provide: ArtifactsService, useValue: jobs.artifacts },
      { provide: ArtifactLinks, useValue: jobs.links },
      { provide: RunRecordService, useValue: jobs.records },
    ],
  };
}
