/**
 * The web's listener: HTTP or HTTPS, with carriers where it has any. Bounded in connections and handshakes; without TLS
 * it is meant for loopback or for a proxy in front (`config.ts`).
 */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Carriers } from '../edge/carriers.ts';
import type { Entrance } from '../edge/entrances.ts';
import { boundHandshakes } from '../edge/pending-handshakes.ts';
import type { WebTls } from '../edge/web-tls.ts';
import { refuse } from '../refusal.ts';
import { openListener, type OpenListener } from './listeners.ts';
import { problemOf } from './problem.ts';

export interface WebListenerOptions {
  /** Null: plain HTTP. */
  readonly tls?: WebTls | null;
  readonly carriers?: Carriers;
}

/** Console, API, live events, and what balancers carry for agents. */
const CONNECTIONS = 10_000;
const HANDSHAKES = 1_000;
const HANDSHAKE_MS = 10_000;

/**
 * Serves `listener` behind `entrance`.
 * @throws Fault PORT_IN_USE or PORT_NOT_USABLE
 */
export async function openHttpListener(
  listener: RequestListener,
  entrance: Entrance,
  { tls = null, carriers }: WebListenerOptions = {},
): Promise<OpenListener> {
  const limits = {
    headersTimeout: 10_000,
    requestTimeout: 120_000,
    // Any other upgrade that a client proposes is answered as an ordinary request.
    shouldUpgradeCallback: (request: IncomingMessage) => carriers?.wants(request) ?? false,
  };
  const server = tls === null ? createServer(limits, listener) : secure(tls, limits, listener);
  server.maxConnections = CONNECTIONS;
  server.on('clientError', answerUnreadable);
  if (carriers) {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      carriers.upgrade(request, socket, head);
    });
  }
  return openListener(server, entrance);
}

/** What cannot be read as a request is answered once, as a problem, and the connection ends. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason, refusal] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ([431, 'Request Header Fields Too Large', TOO_LARGE] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ([408, 'Request Timeout', TOO_SLOW] as const)
        : ([400, 'Bad Request', UNREADABLE] as const);
  const body = JSON.stringify(problemOf(refusal, undefined, status));
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: application/problem+json',
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const TOO_LARGE = refuse('invalid', 'HEAD_TOO_LARGE', 'Address and headers together are larger than 16 KiB.', {
  fix: 'Send less in the address; a cursor is sent as it came.',
});
const TOO_SLOW = refuse('invalid', 'REQUEST_TOO_SLOW', 'The request did not arrive in time.', {
  fix: 'Send it again.',
});
const UNREADABLE = refuse('invalid', 'REQUEST_UNREADABLE', 'This is no HTTP request.');

function secure(tls: WebTls, limits: object, listener: RequestListener) {
  const server = createHttpsServer({ ...tls.options, ...limits, handshakeTimeout: HANDSHAKE_MS }, listener);
  boundHandshakes(server, HANDSHAKES);
  server.on('tlsClientError', (_, socket) => socket.destroy());
  // Open connections stay as they are.
  tls.onChanged((options) => server.setSecureContext(options));
  return server;
}
