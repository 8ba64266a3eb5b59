/**
 * One dial of the gateway: TLS 1.3 by the way out that the agent has, then the WebSocket. Redirects, compression and
 * oversized frames are refused. The dial has an end, however slowly the other side feeds it.
 */
import type { ConnectionOptions } from 'node:tls';
import { SERVER_FRAME_BYTES, SUBPROTOCOL } from '@casare/shared/protocol';
import { WebSocket } from 'ws';
import { Fault } from '../fault.ts';
import type { Network } from '../network/index.ts';

/**
 * Without a byte, and for the whole dial: connection, TLS and the answer to the upgrade. A gateway to which thousands come
 * back at once lets each wait its turn, 18 s at most: who gave up sooner would lose its place.
 */
const HANDSHAKE_MS = 20_000;
const OPENING_MS = 30_000;

/** Throws when the URL or the TLS settings cannot be used; everything else is an event of the socket. */
export function dialGateway(
  network: Network,
  url: string,
  tls: ConnectionOptions,
  openingMs: number = OPENING_MS,
): WebSocket {
  const dial = new AbortController();
  const socket = new WebSocket(url, [SUBPROTOCOL], {
    createConnection: network.connector('tunnel', new URL(url), tls, dial.signal),
    perMessageDeflate: false,
    followRedirects: false,
    handshakeTimeout: HANDSHAKE_MS,
    maxPayload: SERVER_FRAME_BYTES,
  });
  const late = new Fault('UNREACHABLE', `${new URL(url).host} does not finish its answer: is that the tunnel's URL?`);
  const timer = setTimeout(() => dial.abort(late), openingMs);
  socket.once('open', () => clearTimeout(timer));
  socket.once('close', () => {
    clearTimeout(timer);
    dial.abort();
  });
  return socket;
}
