/**
 * Carriers on the web's listener: a WebSocket whose bytes are the TLS connection of a tunnel or of an enrolment, for
 * agents behind balancers and proxies that end TLS themselves.
 *
 * Invariants: the service's own TLS server gets the inner connection and demands of it what it always demands; no
 * header, no certificate and no name of the outer connection grants anything. Bounds: carriers of a kind (the service's
 * `maxConnections`), size and pieces of a frame; the inner handshake has the service's bounds; a side that does not
 * read is not read for.
 */
import { CARRIER_FRAME_BYTES, CARRIER_SUBPROTOCOL, type CarrierKind } from '@casare/shared/protocol';
import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer, type WebSocket } from 'ws';
import type { Log } from '../log.ts';
import { carrierKindOf, carrierOf } from './carrier.decision.ts';
import { clientOf, handOver } from './client-address.ts';
import type { Entrance } from './entrances.ts';
import { RefusalLog } from './refusal-log.ts';

/** A service that carriers lead to. */
interface Carried {
  readonly server: Server;
  readonly streams: Set<Duplex>;
}

/** Bytes read ahead of the inner TLS, and written ahead of the outer connection. */
const BUFFER_BYTES = 65_536;
/** Bytes of a frame that we send. */
const FRAME_BYTES = 65_536;
/** Time to read what is left when the outer connection has closed, milliseconds. */
const UNREAD_MS = 10_000;

export class Carriers {
  readonly #refusals: RefusalLog;
  readonly #carried = new Map<CarrierKind, Carried>();
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: CARRIER_FRAME_BYTES,
    maxFragments: 64,
    maxBufferedChunks: 8_192,
    // The inner connection has pings of its own; answers to a flood would pile up.
    autoPong: false,
    handleProtocols: () => CARRIER_SUBPROTOCOL,
  });

  constructor(log: Log) {
    this.#refusals = new RefusalLog(log);
  }

  /** The same way in for `kind`, with carriers beside it. */
  beside(entrance: Entrance, kind: CarrierKind): Entrance {
    return {
      open: async (server) => {
        const door = await entrance.open(server);
        const carried: Carried = { server, streams: new Set() };
        this.#carried.set(kind, carried);
        return {
          port: door.port,
          connections: () => [...door.connections(), ...carried.streams],
          stop: () => {
            if (this.#carried.get(kind) === carried) this.#carried.delete(kind);
            door.stop();
          },
        };
      },
    };
  }

  /** Whether an upgrade is asked of us, and not of nobody. */
  wants(request: IncomingMessage): boolean {
    return carrierKindOf(request.url) !== null;
  }

  /** Answers an upgrade on the web's listener. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const answer = carrierOf({
      method: request.method,
      url: request.url,
      headerLines: request.rawHeaders.length / 2,
      protocols: request.headers['sec-websocket-protocol'],
      origin: request.headers.origin,
    });
    if (typeof answer !== 'string') {
      this.#refuse(socket, answer.refused);
      return;
    }
    const carried = this.#carried.get(answer);
    if (carried === undefined || carried.streams.size >= carried.server.maxConnections) {
      this.#refuse(socket, '503 Service Unavailable');
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => carry(webSocket, socket, carried));
  }

  #refuse(socket: Duplex, status: string): void {
    this.#refusals.refused('a carrier was refused', { status, address: clientOf(socket).address });
    socket.once('finish', () => socket.destroy());
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
}

/** Hands the inner connection to the service. */
function carry(webSocket: WebSocket, outer: Duplex, { server, streams }: Carried): void {
  webSocket.on('message', (_, isBinary) => {
    if (!isBinary) webSocket.terminate();
  });
  const stream = inFrames(createWebSocketStream(webSocket, { highWaterMark: BUFFER_BYTES }));
  stream.on('error', () => webSocket.terminate());
  // What came before the outer connection closed is read to its end, if somebody reads it.
  stream.once('end', () => stream.destroy());
  webSocket.once('close', () => {
    const left = setTimeout(() => stream.destroy(), UNREAD_MS);
    stream.once('close', () => clearTimeout(left));
  });
  streams.add(stream);
  stream.once('close', () => streams.delete(stream));
  handOver(server, stream, clientOf(outer));
}

/** OpenSSL hands over any amount at once, and the agent takes no frame above `CARRIER_FRAME_BYTES`. */
function inFrames(stream: Duplex): Duplex {
  const write = stream._write.bind(stream);
  stream._write = (chunk: Buffer, encoding, written) => {
    let sent = 0;
    const next = (error?: Error | null): void => {
      if (error || sent >= chunk.length) written(error);
      else write(chunk.subarray(sent, (sent += FRAME_BYTES)), encoding, next);
    };
    next();
  };
  return stream;
}
