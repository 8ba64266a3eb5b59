/**
 * One Express application behind two listeners: `web` serves everything but `/enrol`, `enrol` serves nothing else.
 * The listener decides, so no header or host name can cross over.
 */
import type { INestApplication } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config.ts';
import { Fault } from '../errors.ts';
import type { Ports } from '../public-urls.ts';
import { routeNotFound, sendRefusal } from './problem.ts';
import { listenerOf, openRequest, type ListenerKind } from './request-state.ts';

const ENROL_PATH = /^\/enrol(\/|$)/i;

/** The request handler of one service, for an HTTP or HTTPS server. */
export function requestListenerFor(app: INestApplication, kind: ListenerKind): RequestListener {
  const handle = app.getHttpAdapter().getInstance() as (request: IncomingMessage, response: ServerResponse) => void;
  return (request, response) => {
    openRequest(request, randomUUID(), kind);
    handle(request, response);
  };
}

/** The first middleware: refuses paths of the other listener. */
export function listenerFilter(request: Request, response: Response, next: NextFunction): void {
  if (ENROL_PATH.test(request.path) === (listenerOf(request) === 'enrol')) next();
  else sendRefusal(response, routeNotFound(request));
}

/** A server that accepts connections. */
export interface OpenListener {
  readonly port: number;
  /** Takes no new requests, waits `graceMs` for those under way, then cuts them off. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Makes sure that the ports of all services are free before anything slow is started, and picks those given as 0.
 * @throws Fault PORT_IN_USE or PORT_NOT_USABLE
 */
export async function reservePorts({ host, web, enrol, tunnel }: Config): Promise<Ports> {
  const held: OpenListener[] = [];
  try {
    for (const [variable, { port }] of [
      ['CASARE_WEB_PORT', web],
      ['CASARE_ENROL_PORT', enrol],
      ['CASARE_TUNNEL_PORT', tunnel],
    ] as const) {
      held.push(await openListener(createServer(), { host, port, variable }));
    }
    return { web: held[0]!.port, enrol: held[1]!.port, tunnel: held[2]!.port };
  } finally {
    await Promise.all(held.map((listener) => listener.close(0)));
  }
}

/**
 * Opens an HTTP listener; `variable` names the setting to change.
 * @throws Fault PORT_IN_USE or PORT_NOT_USABLE
 */
export async function openHttpListener(
  listener: RequestListener,
  at: { readonly host: string; readonly port: number; readonly variable: string },
): Promise<OpenListener> {
  return openListener(createServer({ headersTimeout: 10_000, requestTimeout: 120_000 }, listener), at);
}

/** The same for a server that the caller made, such as one with TLS. */
export async function openListener(
  server: Server,
  at: { readonly host: string; readonly port: number; readonly variable: string },
): Promise<OpenListener> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(notUsable(error, at)));
    server.listen(at.port, at.host, resolve);
  });
  const open = new Set<ServerResponse>();
  server.on('request', (_, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  return {
    port: (server.address() as AddressInfo).port,
    close(graceMs = 3_000) {
      return new Promise((resolve) => {
        for (const response of open) if (isEventStream(response)) response.destroy();
        const cut = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      });
    },
  };
}

/** Never ends by itself; its client reconnects elsewhere. */
function isEventStream(response: ServerResponse): boolean {
  return String(response.getHeader('content-type') ?? '').startsWith('text/event-stream');
}

function notUsable(error: NodeJS.ErrnoException, at: { host: string; port: number; variable: string }): Fault {
  const inUse = error.code === 'EADDRINUSE';
  return new Fault({
    code: inUse ? 'PORT_IN_USE' : 'PORT_NOT_USABLE',
    what: `Cannot listen on ${at.host}:${at.port}`,
    why: inUse ? 'another program uses this port' : error.message,
    fix: `Stop that program, or set ${at.variable} to a free port`,
    cause: error,
  });
}
