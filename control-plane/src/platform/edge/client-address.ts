/**
 * Handing a connection to a server, and who is at its other end: the TCP peer, or whom a listed balancer named by the
 * PROXY protocol. Limits, logs and audit use this and nothing else; no HTTP header is ever looked at for it.
 *
 * A TLS server makes another object of the stream that it is given and does not say which. It makes it within the call
 * that hands the stream over, so the asynchronous context of that call is what ties the two together.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer, type TLSSocket } from 'node:tls';

export interface ClientAddress {
  /** Without brackets. */
  readonly address: string;
  readonly port: number;
}

const handed = new AsyncLocalStorage<Duplex>();
const below = new WeakMap<Duplex, Duplex>();
const named = new WeakMap<Duplex, ClientAddress>();
const prepared = new WeakSet<Server>();
const NOBODY: ClientAddress = { address: '', port: 0 };

/** Gives `stream` to `server` as a new connection. `client` is null when its TCP peer is the client. */
export function handOver(server: Server, stream: Duplex, client: ClientAddress | null): void {
  if (client !== null) named.set(stream, client);
  if (server instanceof TlsServer && !prepared.has(server)) {
    prepared.add(server);
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      const stream = handed.getStore();
      if (stream) below.set(socket, stream);
    });
  }
  handed.run(stream, () => server.emit('connection', stream));
}

/** Of a request's socket, with or without TLS; an empty address when the peer is gone already. */
export function clientOf(socket: Duplex): ClientAddress {
  const stream = streamBelow(socket);
  return named.get(stream) ?? peerOf(stream) ?? NOBODY;
}

/** The stream that a TLS server was given for this TLS socket; any other stream is itself. */
export function streamBelow(socket: Duplex): Duplex {
  return below.get(socket) ?? socket;
}

function peerOf(stream: Duplex): ClientAddress | null {
  const { remoteAddress, remotePort } = stream as { remoteAddress?: string; remotePort?: number };
  return remoteAddress === undefined ? null : { address: remoteAddress, port: remotePort ?? 0 };
}
