/**
 * One Express application behind two listeners: `web` serves everything but `/enrol`, `enrol` serves nothing else.
 * The listener decides, so no header or host name can cross over.
 */
import type { INestApplication } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Config } from '../config.ts';
import { listenOn, type Door, type Entrance } from '../edge/entrances.ts';
import type { Ports } from '../public-urls.ts';
import { routeNotFound, sendRefusal } from './problem.ts';
import { listenerOf, openRequest, type ListenerKind } from './request-state.ts';

const ENROL_PATH = /^\/enrol(\/|$)/i;

/**
 * The request handler of one service, for an HTTP or HTTPS server. What is asked of a host of another service
 * (`foreign`, lower case) is refused: a browser must not find the web under an agent's name, nor the reverse.
 */
export function requestListenerFor(
  app: INestApplication,
  kind: ListenerKind,
  foreign: ReadonlySet<string> = new Set(),
): RequestListener {
  const handle = app.getHttpAdapter().getInstance() as (request: IncomingMessage, response: ServerResponse) => void;
  return (request, response) => {
    if (namesOf(request).some((name) => foreign.has(name))) {
      response.writeHead(421, { connection: 'close', 'content-length': 0 }).end();
      return;
    }
    openRequest(request, randomUUID(), kind);
    handle(request, response);
  };
}

/** The host that was asked for, by the request and in the TLS handshake. */
function namesOf(request: IncomingMessage): string[] {
  const host = request.headers.host?.replace(/:\d*$/, '').replace(/^\[|\]$/g, '');
  const { servername } = request.socket as { servername?: string | false | null };
  return [host, servername].flatMap((name) => (typeof name === 'string' ? [name.toLowerCase()] : []));
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
export async function reservePorts(config: Config): Promise<Ports> {
  const held: TcpServer[] = [];
  const hold = async (port: number, variable: string): Promise<number> => {
    const server = createTcpServer();
    await listenOn(server, { host: config.host, port, variable });
    held.push(server);
    return (server.address() as AddressInfo).port;
  };
  try {
    if (config.onePort !== null) {
      const port = await hold(config.onePort, 'CASARE_PORT');
      return { web: port, enrol: port, tunnel: port };
    }
    return {
      web: await hold(config.web.port, 'CASARE_WEB_PORT'),
      enrol: await hold(config.enrol.port, 'CASARE_ENROL_PORT'),
      tunnel: await hold(config.tunnel.port, 'CASARE_TUNNEL_PORT'),
    };
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Serves behind `entrance`. @throws Fault PORT_IN_USE, PORT_NOT_USABLE */
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
      await emptied(door, graceMs);
    },
  };
}

/** Resolves when every connection is closed; what is open after `graceMs` is cut. */
async function emptied(door: Door, graceMs: number): Promise<void> {
  const cut = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    for (const connection of door.connections()) connection.destroy();
    cut.resolve();
  }, graceMs);
  const closed = (connection: Duplex) => new Promise((resolve) => connection.once('close', resolve));
  await Promise.race([cut.promise, Promise.all(door.connections().map(closed))]);
  clearTimeout(timer);
}

/** Never ends by itself; its client reconnects elsewhere. */
function isEventStream(response: ServerResponse): boolean {
  return String(response.getHeader('content-type') ?? '').startsWith('text/event-stream');
}
