/**
 * Puts the control plane together and starts it: home, database, features, first start, web edge, listeners. This is
 * the one place that knows every feature. What was started is stopped in reverse order, also when a later part fails.
 */
import type { DynamicModule } from '@nestjs/common';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { AccountsService, accountsModule, firstStart, type AdminFile } from './accounts/index.ts';
import { appModule } from './app.module.ts';
import { createJobs, jobsModule } from './jobs/index.ts';
import { liveModule, LiveService } from './live/index.ts';
import { systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import { migrate, openDatabase, ready, startEmbeddedPostgres, type Database } from './platform/database/index.ts';
import { prepareHome } from './platform/home.ts';
import { openHttpListener, reservePorts, requestListenerFor } from './platform/http/listeners.ts';
import { createHttpApp } from './platform/http/server.ts';
import { createIds } from './platform/ids.ts';
import { createLog, type RootLog } from './platform/log.ts';
import { startLoop } from './platform/loop.ts';
import { Metrics } from './platform/metrics.ts';
import { publicUrls, type PublicUrls } from './platform/public-urls.ts';
import { SecretsService } from './secrets/index.ts';
import { WorkflowsService, workflowsModule } from './workflows/index.ts';

export interface StartOptions {
  /** Told before each step that takes longer than a blink, in words for a person. */
  readonly onProgress?: (step: string) => void;
  readonly log?: RootLog;
  readonly resetPassword?: boolean;
}

/** A control plane that serves. */
export interface RunningControlPlane {
  readonly urls: PublicUrls;
  readonly admin: AdminFile;
  /** Stops everything in order. */
  stop(): Promise<void>;
}

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));
const SWEEP_MS = 3_600_000;
/** How often a gateway commits that it lives, milliseconds. */
const HEARTBEAT_MS = 5_000;

/** @throws Fault, one line each: CONFIG_*, HOME_*, PORT_*, DATABASE_*, MIGRATION_* */
export async function startControlPlane(config: Config, options: StartOptions = {}): Promise<RunningControlPlane> {
  const log = options.log ?? createLog({ level: config.logLevel, name: 'control-plane' });
  await prepareHome(config.home);
  const ports = await reservePorts(config);
  const urls = publicUrls(config, ports);
  await using started = new AsyncDisposableStack();
  const database = await startDatabase(config, log, options, started);
  const clock = systemClock;
  const ids = createIds(clock);

  const accounts = new AccountsService(database, clock);
  const workflows = new WorkflowsService(database, clock, ids);
  const secrets = new SecretsService(config.home);
  const live = new LiveService(database);
  const { home } = config;
  const edges = { live, workflows, secrets, fitness: async () => [], home, heartbeatMs: HEARTBEAT_MS };
  const jobs = createJobs({ db: database, clock, ids, log: log.child({ part: 'jobs' }), ...edges });
  const features: DynamicModule[] = [
    accountsModule(accounts, urls.web),
    workflowsModule(workflows),
    jobsModule(jobs),
    liveModule(live),
  ];

  const admin = await firstStart({ ...options, database, clock, ids, log, home, url: urls.web });
  const app = await createHttpApp(appModule(features), {
    log,
    metrics: new Metrics({ processMetrics: true }),
    checks: [{ name: 'database', check: () => ready(database.url, { attempts: 1 }) }],
    https: urls.web.startsWith('https:'),
  });
  started.defer(() => app.close());
  started.defer(await live.start());
  await jobs.start();
  started.defer(() => jobs.stop());
  const sweep = startLoop({ name: 'accounts.sweep', intervalMs: SWEEP_MS, run: () => accounts.sweep(), log });
  started.defer(() => sweep.stop());
  const web = { host: config.host, port: ports.web, variable: 'CASARE_WEB_PORT' };
  const listener = await openHttpListener(requestListenerFor(app, 'web'), web);
  started.defer(() => listener.close());

  const running = started.move();
  return { urls, admin, stop: () => running.disposeAsync() };
}

async function startDatabase(
  config: Config,
  log: RootLog,
  { onProgress }: StartOptions,
  started: AsyncDisposableStack,
): Promise<Database> {
  let url = config.databaseUrl;
  if (url === null) {
    const postgres = await startEmbeddedPostgres({
      dataDir: path.join(config.home, 'postgres'),
      logFile: path.join(config.home, 'postgres.log'),
      log: log.child({ part: 'postgres' }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    started.defer(() => postgres.stop());
    url = postgres.url;
  }
  await ready(url);
  const database = openDatabase(url, { log: log.child({ part: 'database' }) });
  started.defer(() => database.close());
  await migrate(database, {
    directory: MIGRATIONS,
    onProgress: ({ name }, index, total) => onProgress?.(`migrating the database: ${name} (${index + 1} of ${total})`),
  });
  return database;
}
