/**
 * Who is at the other end of a connection: its TCP peer, or whom a listed balancer named by the PROXY protocol. Limits,
 * logs and audit use this and nothing else; no HTTP header is ever looked at for it.
 *
 * The name is kept beside the stream that a TLS server was given, since the TLS socket is another object. Node holds
 * the one below the other as `_parent` (and `_parent.stream` when it is no TCP socket): read in this one place.
 */
import type { Duplex } from 'node:stream';

export interface ClientAddress {
  /** Without brackets. */
  readonly address: string;
  readonly port: number;
}

const named = new WeakMap<Duplex, ClientAddress>();
const NOBODY: ClientAddress = { address: '', port: 0 };

/** Says who is at the other end of `stream`, before it is handed to a server. */
export function nameClient(stream: Duplex, client: ClientAddress): void {
  named.set(stream, client);
}

/** Of a request's socket, with or without TLS; an empty address when the peer is gone already. */
export function clientOf(stream: Duplex): ClientAddress {
  const below = streamBelow(stream);
  return named.get(below) ?? peerOf(below) ?? NOBODY;
}

/** The stream that a TLS server was given for this TLS socket; any other stream is itself. */
export function streamBelow(stream: Duplex): Duplex {
  const { _parent: parent } = stream as { _parent?: (Duplex & { stream?: Duplex }) | null };
  return parent?.stream ?? parent ?? stream;
}

function peerOf(stream: Duplex): ClientAddress | null {
  const { remoteAddress, remotePort } = stream as { remoteAddress?: string; remotePort?: number };
  return remoteAddress === undefined ? null : { address: remoteAddress, port: remotePort ?? 0 };
}
