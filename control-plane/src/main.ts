/**
 * Puts the control plane together and starts it: home, database, features, first start, web edge, listeners. This is
 * the one place that knows every feature. What was started is stopped in reverse order, also when a later part fails.
 */
import type { DynamicModule } from '@nestjs/common';
import path from 'node:path';
import { AccountsService, accountsModule, firstStart, type AdminFile } from './accounts/index.ts';
import { alertsModule, createAlerts } from './alerts/index.ts';
import { appModule } from './app.module.ts';
import { auditModule, AuditService, type AuditOptions } from './audit/index.ts';
import {
  agentCounts,
  agentFitness,
  findAgentIds,
  agentsAway,
  agentStates,
  createFleet,
  fleetModule,
  HEARTBEAT_MS,
} from './fleet/index.ts';
import { batchesOf, graphqlModule } from './graphql/index.ts';
import { createJobs, jobsModule } from './jobs/index.ts';
import { liveModule, LiveService } from './live/index.ts';
import { migrationsFolder } from './migrations.ts';
import { systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import { openInstallation, ready, startEmbeddedPostgres, type Database } from './platform/database/index.ts';
import type { EmbeddedExit } from './platform/database/index.ts';
import { entrancesOf } from './platform/edge/open-entrances.ts';
import { WebTls } from './platform/edge/web-tls.ts';
import { prepareHome } from './platform/home.ts';
import { Idempotency } from './platform/http/idempotency.ts';
import { reservePorts, requestListenerFor } from './platform/http/listeners.ts';
import { RateLimit } from './platform/http/rate-limit.ts';
import { createHttpApp } from './platform/http/server.ts';
import { openHttpListener } from './platform/http/web-listener.ts';
import { createIds } from './platform/ids.ts';
import { createLog, type RootLog } from './platform/log.ts';
import { startLoop } from './platform/loop.ts';
import { createMailer } from './platform/mail/mail.ts';
import { Metrics } from './platform/metrics.ts';
import { keeperName, openBucket } from './platform/objects/bucket.ts';
import { Outbound } from './platform/outbound/outbound.ts';
import { foreignHosts, publicHosts, publicUrls, type PublicUrls } from './platform/public-urls.ts';
import { createSchedules, schedulesModule } from './schedules/index.ts';
import { createTenants, Quotas, tenantsModule } from './tenants/index.ts';
import { createTrust, enrolNonceKey, gatewayHosts, openSigner, sealingKey, trustModule } from './trust/index.ts';
import { createSecrets, secretsModule } from './secrets/index.ts';
import { viewerPage } from './viewer.ts';
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
  /** Resolves when it cannot go on: the embedded database was given up. Never rejects. */
  readonly failed: Promise<Error>;
  /** Stops everything in order. */
  stop(): Promise<void>;
}

const SWEEP_MS = 3_600_000;

/** @throws Fault, one line each: CONFIG_*, HOME_*, PORT_*, DATABASE_*, MIGRATION_* */
export async function startControlPlane(config: Config, options: StartOptions = {}): Promise<RunningControlPlane> {
  const log = options.log ?? createLog({ level: config.logLevel, name: 'control-plane' });
  await prepareHome(config.home);
  const ports = await reservePorts(config);
  const urls = publicUrls(config, ports);
  await using started = new AsyncDisposableStack();
  const webTls = config.webTls && (await WebTls.open(config.webTls, { log, clock: systemClock }));
  if (webTls) started.defer(() => webTls.stop());
  const part = (name: string) => log.child({ part: name });
  const hosts = gatewayHosts(config.host, [urls.enrol, urls.tunnel]);
  // First, so that it gets ready while the database does.
  const signing = openSigner({ home: config.home, socket: config.signerSocket, hosts, log: part('signer') });
  started.defer(() => signing.stop());
  const { database, failed } = await startDatabase(config, log, options, started);
  const clock = systemClock;
  const live = new LiveService(database);
  const metrics = new Metrics({ processMetrics: true });
  const base = { db: database, clock, ids: createIds(clock), live, metrics };

  const sign: AuditOptions['sign'] = (of) => signing.signer.signCheckpoint(of);
  const audit = new AuditService({ db: database, log: part('audit'), sign });
  const workflows = new WorkflowsService(database, clock, base.ids);
  const secrets = createSecrets({
    db: database,
    clock,
    home: config.home,
    master: config.secretsMaster,
    allowed: config.outboundAllowed,
  });
  await secrets.start();
  const quotas = new Quotas({ ...base, log: part('quotas') });
  const bucket = config.bucket && openBucket(config.bucket, new Outbound({ allowed: config.outboundAllowed }));
  const linkKey = sealingKey(signing.signer, 'artifact-links');
  const jobs = createJobs({
    ...base,
    quotas,
    log: part('jobs'),
    workflows,
    secrets: secrets.delivery,
    fitness: (tenant) => agentFitness(database.of(tenant), tenant),
    counts: (tenant, route, closed) => agentCounts(database.of(tenant), tenant, route, closed),
    sealedAmong: (tenant, names) => secrets.sealed.among(tenant, names),
    agentIds: (tenant, reference) => findAgentIds(database.of(tenant), tenant, reference),
    home: config.home,
    bucket: bucket?.objects ?? null,
    keeper: keeperName(linkKey),
    linkKey,
    webUrl: urls.web,
    heartbeatMs: HEARTBEAT_MS,
    historyDays: config.historyDays,
    orphanDays: config.orphanDays,
    viewer: viewerPage,
  });
  await signing.ready();
  const { signer } = signing;
  const accounts = new AccountsService(database, clock, sealingKey(signer, 'second-factor'), {
    outbound: new Outbound({ allowed: config.outboundAllowed }),
    webUrl: urls.web,
    mailer: config.mail && createMailer(config.mail),
  });
  const keys = { hosts, nonceKey: await enrolNonceKey(signer) };
  const trust = createTrust({
    ...{ ...base, ...keys, signer, agents: agentStates(clock), log: part('trust') },
    warningDays: config.warningDays,
    webEnds: () => webTls?.notAfter ?? null,
  });
  const schedules = createSchedules({ ...base, log: part('schedules'), jobs, workflows });
  const alerts = createAlerts({
    ...{ ...base, log: part('alerts'), sealingKey: sealingKey(signer, 'alert-webhooks'), webUrl: urls.web },
    mailer: config.mail && createMailer(config.mail),
    outbound: new Outbound({ allowed: config.outboundAllowed }),
    agentsAway: (tenant, before, limit) => agentsAway(database, tenant, before, limit),
    endings: async (tenant, within, limit) => (await trust.status.expirations(tenant, { within, limit })).items,
  });
  const fleet = createFleet({
    ...{ ...base, ...keys, log: part('fleet'), trust, jobs },
    tunnelUrl: () => urls.tunnel,
    mayJoin: (tx, tenant) => quotas.refusalOfAgent(tx, tenant),
    mayApprove: (tx, tenant) => quotas.refusalOfApproval(tx, tenant),
  });
  const tenants = createTenants({
    ...{ db: database, clock, log: part('tenants'), trust, people: accounts.people, webUrl: urls.web },
    files: jobs.files,
    onChanged: () => quotas.changed(),
  });
  const features: DynamicModule[] = [
    auditModule(audit),
    accountsModule(accounts, urls.web),
    workflowsModule(workflows),
    secretsModule(secrets),
    jobsModule(jobs),
    schedulesModule(schedules),
    alertsModule(alerts),
    liveModule(live),
    trustModule(trust),
    fleetModule(fleet),
    graphqlModule({ batches: batchesOf({ jobs, fleet, workflows }), log: part('graphql') }),
    tenantsModule(tenants),
  ];

  // A home with another master key ends the start here: it must not replace the API key that another home holds.
  await trust.authorities.start();
  const admin = await firstStart({ ...options, ...base, database, log, home: config.home, url: urls.web });
  const app = await createHttpApp(appModule(features), {
    log,
    metrics,
    checks: [{ name: 'database', check: () => ready(database.url, { attempts: 1 }) }],
    https: urls.web.startsWith('https:'),
    webSockets: fleet.adapter,
    ...(config.rateLimit === null ? {} : { rateLimit: new RateLimit({ perSecond: config.rateLimit }) }),
    idempotency: new Idempotency({ db: database, sealingKey: sealingKey(signer, 'answers') }),
  });
  started.defer(() => app.close());
  started.defer(await live.start());
  audit.start();
  started.defer(() => audit.stop());
  await trust.start();
  started.defer(() => trust.stop());
  quotas.onChanged = () => jobs.dispatcher.wake();
  await quotas.start();
  started.defer(() => quotas.stop());
  await jobs.start();
  started.defer(() => jobs.stop());
  schedules.firing.start();
  started.defer(() => schedules.firing.stop());
  alerts.start();
  started.defer(() => alerts.stop());
  tenants.start();
  started.defer(() => tenants.stop());
  const entrances = entrancesOf(config, ports, urls, part('edge'));
  const foreign = (service: 'web' | 'enrol') => foreignHosts(publicHosts(urls), service);
  const serve = requestListenerFor(app, 'web', foreign('web'));
  const listener = await openHttpListener(serve, entrances.web, { tls: webTls, carriers: entrances.carriers });
  started.defer(() => listener.close());
  await fleet.start(requestListenerFor(app, 'enrol', foreign('enrol')), entrances);
  // Before the web, which carries some of the agents.
  started.defer(() => fleet.stop());
  if (bucket) {
    // Files on their way to it would hold up the end of their tunnels.
    started.defer(() => bucket.close());
    bucket.objects.check().catch((error: unknown) => log.warn('files of runs cannot be stored for now', { error }));
  }
  const sweep = startLoop({ name: 'accounts.sweep', intervalMs: SWEEP_MS, run: () => accounts.sweep(), log });
  started.defer(() => sweep.stop());

  const running = started.move();
  return { urls, admin, failed, stop: () => running.disposeAsync() };
}

async function startDatabase(
  config: Config,
  log: RootLog,
  { onProgress }: StartOptions,
  started: AsyncDisposableStack,
): Promise<{ database: Database; failed: Promise<Error> }> {
  let url = config.databaseUrl;
  let failed = new Promise<Error>(() => {});
  if (url === null) {
    const postgres = await startEmbeddedPostgres({
      dataDir: path.join(config.home, 'postgres'),
      logFile: path.join(config.home, 'postgres.log'),
      log: log.child({ part: 'postgres' }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    started.defer(() => postgres.stop());
    url = postgres.url;
    failed = postgres.exited.then(givenUp);
  }
  const database = await openInstallation(url, config, {
    log: log.child({ part: 'database' }),
    directory: migrationsFolder,
    onProgress: ({ name }, index, total) => onProgress?.(`migrating the database: ${name} (${index + 1} of ${total})`),
  });
  started.defer(() => database.close());
  return { database, failed };
}

/** A clean stop is no failure: then it never resolves. */
function givenUp(exit: EmbeddedExit): Promise<Error> | Error {
  return exit.reason === 'failed' ? exit.fault : new Promise<Error>(() => {});
}
