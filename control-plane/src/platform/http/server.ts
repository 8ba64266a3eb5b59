/**
 * Puts the web edge together: one Nest application on Express, in this order: listener filter, headers, metrics,
 * operations, console, routes of the controllers; what is left is a problem 404, what is thrown a problem document.
 */
import type { INestApplication, LoggerService, Type, WebSocketAdapter } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { AUTHENTICATOR, putHttps, type Authenticator } from './caller.ts';
import { consoleRoutes } from './console.ts';
import { assertAllDeclared, PermissionGuard } from './guard.ts';
import { securityHeaders } from './headers.ts';
import { putIdempotency, type Idempotency } from './idempotency.ts';
import { listenerFilter } from './listeners.ts';
import { LoadGate, putLoadGate, type LoadLimits } from './load-gate.ts';
import { OpenStreams, putOpenStreams } from './open-streams.ts';
import { operationRoutes, type ReadyCheck } from './operations.ts';
import { ProblemFilter } from './problem.ts';
import type { RateLimit } from './rate-limit.ts';
import { operationOf } from './request-state.ts';

export interface HttpAppOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly checks: readonly ReadyCheck[];
  /** True when browsers reach us by https. */
  readonly https: boolean;
  /** Directory of the built console; for tests. */
  readonly consoleFiles?: string;
  /** How much may be under way at once; for tests. */
  readonly load?: LoadLimits;
  /** Bounds how often a credential may call; absent: it may as often as it likes. */
  readonly rateLimit?: RateLimit;
  /** Keeps idempotency keys. Without one, they are read and not kept. */
  readonly idempotency?: Idempotency;
  /** What serves the module's WebSocket gateways; Nest must know it before `init`. */
  readonly webSockets?: WebSocketAdapter;
}

/**
 * Builds and initialises the application; it listens nowhere: see `requestListenerFor`. The module must provide
 * `AUTHENTICATOR` and import Nest's `DiscoveryModule`.
 */
export async function createHttpApp(module: Type | object, options: HttpAppOptions): Promise<INestApplication> {
  const instance = express();
  const filter = new ProblemFilter(options.log);
  prepare(instance, options);
  const app = await NestFactory.create<NestExpressApplication>(module as Type, new ExpressAdapter(instance), {
    bodyParser: false,
    abortOnError: false,
    logger: nestLogger(options.log),
  });
  const authenticator = app.get<Authenticator>(AUTHENTICATOR, { strict: false });
  app.useGlobalGuards(new PermissionGuard(authenticator, options.rateLimit));
  putOpenStreams(instance, new OpenStreams(authenticator, options.log));
  app.useGlobalFilters(filter);
  if (options.webSockets) app.useWebSocketAdapter(options.webSockets);
  assertAllDeclared(app);
  await app.init();
  return app;
}

function prepare(instance: Express, options: HttpAppOptions): void {
  putLoadGate(instance, measuredGate(options));
  putHttps(instance, options.https);
  if (options.idempotency) putIdempotency(instance, options.idempotency);
  instance.disable('x-powered-by');
  instance.disable('etag');
  instance.enable('case sensitive routing');
  instance.set('query parser', false);
  instance.use(securityHeaders(options));
  instance.use(listenerFilter);
  instance.use(measured(options.metrics));
  instance.use(operationRoutes(options));
  instance.use(consoleRoutes(options.consoleFiles));
}

function measuredGate({ load, metrics }: HttpAppOptions): LoadGate {
  const gate = new LoadGate(load);
  metrics.gauge('casare_http_bodies_bytes', 'Bytes of bodies under way.', ['kind'], (gauge) => {
    for (const kind of ['submits', 'requests', 'public'] as const) gauge.set({ kind }, gate.underWay(kind).bytes);
  });
  return gate;
}

/** Time from a request to its whole answer, by operation. */
function measured(metrics: Metrics) {
  const seconds = metrics.histogram('casare_http_request_seconds', 'Time to answer a request.', [
    'operation',
    'status',
  ]);
  return (request: Request, response: Response, next: NextFunction): void => {
    const started = performance.now();
    response.once('finish', () => {
      const labels = { operation: operationOf(request), status: String(response.statusCode) };
      seconds.observe(labels, (performance.now() - started) / 1_000);
    });
    next();
  };
}

/** Nest's warnings and errors go to our log; its chatter about routes does not. */
function nestLogger(log: Log): LoggerService {
  const text = (message: unknown) => (message instanceof Error ? message.message : String(message));
  const ignore = () => {};
  return {
    log: ignore,
    debug: ignore,
    verbose: ignore,
    warn: (message: unknown) => log.warn(text(message), { part: 'nest' }),
    error: (message: unknown) => log.error(text(message), { part: 'nest' }),
    fatal: (message: unknown) => log.error(text(message), { part: 'nest' }),
  };
}
