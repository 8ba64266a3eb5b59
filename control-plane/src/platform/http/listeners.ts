/**
 * One Express application behind two listeners: `web` serves everything but `/enrol`, `enrol` serves nothing else.
 * The listener decides, so no header or host name can cross over.
 */
import type { INestApplication } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import type { Config } from '../config.ts';
import { listenOn, type Entrance } from '../edge/entrances.ts';
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

/** A server that takes connections. */
export interface OpenListener {
  readonly port: number;
  /** Takes no new requests, waits `graceMs` for those under way, then cuts everything off. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Makes sure that the ports of all services are free before anything slow is started, and picks those given as 0.
 * @throws Fault PORT_IN_USE or PORT_NOT_USABLE
 */
export async function reservePorts({ host, web, enrol, tunnel }: Config): Promise<Ports> {
  const held: TcpServer[] = [];
  try {
    for (const [variable, { port }] of [
      ['CASARE_WEB_PORT', web],
      ['CASARE_ENROL_PORT', enrol],
      ['CASARE_TUNNEL_PORT', tunnel],
    ] as const) {
      const server = createTcpServer();
      await listenOn(server, { host, port, variable });
      held.push(server);
    }
    const [webPort, enrolPort, tunnelPort] = held.map((server) => (server.address() as AddressInfo).port);
    return { web: webPort!, enrol: enrolPort!, tunnel: tunnelPort! };
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Connections of the web: console, API, live events, and what balancers pass on for agents. */
const WEB_CONNECTIONS = 10_000;

/**
 * Serves plain HTTP behind `entrance`.
 * @throws Fault PORT_IN_USE or PORT_NOT_USABLE
 */
export async function openHttpListener(listener: RequestListener, entrance: Entrance): Promise<OpenListener> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 120_000 }, listener);
  server.maxConnections = WEB_CONNECTIONS;
  return openListener(server, entrance);
}

/** The same for a server that the caller made, such as one with TLS. */
export async function openListener(server: Server | HttpsServer, entrance: Entrance): Promise<OpenListener> {
  const door = await entrance.open(server);
  // Node looks after the time of heads and requests from this event on, and this server never listens itself.
  server.emit('listening');
  const open = new Set<ServerResponse>();
  let closing = false;
  server.on('request', (_, response) => {
    open.add(response);
    response.once('close', () => {
      open.delete(response);
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
  });
  return {
    port: door.port,
    async close(graceMs = 3_000) {
      closing = true;
      door.stop();
      for (const response of open) if (isEventStream(response)) response.destroy();
      // Ends Node's timers and closes what is idle; that it never listened is no fault here.
      server.close(() => undefined);
      await emptied(door.sockets, graceMs);
    },
  };
}

/** Resolves when all are closed, which is after `graceMs` at the latest. */
async function emptied(sockets: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  clearTimeout(cut);
}

/** Never ends by itself; its client reconnects elsewhere. */
function isEventStream(response: ServerResponse): boolean {
  return String(response.getHeader('content-type') ?? '').startsWith('text/event-stream');
}
