/**
 * Carriers, the agent's end: an ordinary WebSocket to the web address of the control plane whose bytes are those of the
 * TLS connection to a service (`shared/src/protocol/carrier.ts`). The outer TLS ends at a balancer or an inspecting
 * proxy and is trusted with nothing. Binary frames of bounded size; a side that does not read is not read for.
 */
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { CARRIER_FRAME_BYTES, CARRIER_PATHS, CARRIER_SUBPROTOCOL, type CarrierKind } from '@casare/shared/protocol';
import { createWebSocketStream, WebSocket } from 'ws';
import { codeOf, describe, Fault } from '../fault.ts';
import { authorityOf } from './target.ts';

/** Bytes read ahead of the inner TLS, and written ahead of the outer connection. */
const BUFFER_BYTES = 65_536;
/** OpenSSL hands over any amount at once; the other side takes no frame above CARRIER_FRAME_BYTES. */
const FRAME_BYTES = 65_536;

/** The inner connection to `service` over `outer`, which it ends with. Throws CARRIER_REFUSED. */
export function carrierOver(
  outer: TLSSocket,
  carrier: URL,
  service: CarrierKind,
  signal: AbortSignal,
): Promise<Duplex> {
  const socket = new WebSocket(new URL(CARRIER_PATHS[service], carrier), [CARRIER_SUBPROTOCOL], {
    createConnection: () => outer,
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: CARRIER_FRAME_BYTES,
    maxFragments: 64,
    maxBufferedChunks: 8_192,
    // the inner connection has pings of its own; answers to a flood would pile up
    autoPong: false,
  });
  return new Promise((resolve, reject) => {
    const stop = (): void => socket.terminate();
    socket.on('error', (error) => {
      outer.destroy();
      reject(refused(carrier, signal.aborted ? describe(signal.reason) : codeOf(error) || describe(error), error));
    });
    socket.once('unexpected-response', (_request, answer) => {
      outer.destroy();
      reject(refused(carrier, `HTTP ${answer.statusCode ?? 0}`));
    });
    socket.once('open', () => {
      signal.removeEventListener('abort', stop);
      resolve(streamOf(socket));
    });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

function streamOf(socket: WebSocket): Duplex {
  // text is nothing that TLS speaks
  socket.on('message', (_data, isBinary) => {
    if (!isBinary) socket.terminate();
  });
  const stream = createWebSocketStream(socket, { highWaterMark: BUFFER_BYTES });
  const write = stream._write.bind(stream);
  stream._write = (chunk: Buffer, encoding, written) => {
    let sent = 0;
    const next = (error?: Error | null): void => {
      if (error != null || sent >= chunk.length) written(error);
      else write(chunk.subarray(sent, (sent += FRAME_BYTES)), encoding, next);
    };
    next();
  };
  stream.on('error', () => socket.terminate());
  // a WebSocket has no half: when the other side has ended, so has this one
  stream.once('end', () => stream.destroy());
  return stream;
}

function refused(carrier: URL, why: string, cause?: unknown): Fault {
  const text =
    `${authorityOf(carrier)} carries no connections (${why}): --carrier must be the web address of the control plane, ` +
    'and balancers before it must let WebSockets through';
  return new Fault('CARRIER_REFUSED', text, { cause });
}
