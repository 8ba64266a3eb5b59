/**
 * Bounds the TLS handshakes under way. At the bound the OLDEST is dropped, not the newest refused: whoever stalls on
 * purpose is the oldest soon, and an honest handshake takes milliseconds, so others still get in.
 */
import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { streamBelow } from './client-address.ts';

/** Watches `server`; the function tells how many handshakes are under way. */
export function boundHandshakes(server: Server, limit: number): () => number {
  const pending = new Set<Duplex>();
  // One for all: what a connection holds, it holds for days.
  const gone = function (this: Duplex): void {
    pending.delete(this);
  };
  // A TCP socket, or a stream that a carrier brought.
  server.on('connection', (stream: Duplex) => {
    stream.on('close', gone);
    pending.add(stream);
    if (pending.size <= limit) return;
    const [oldest] = pending;
    if (oldest === undefined) return;
    oldest.destroy();
    pending.delete(oldest);
  });
  server.on('secureConnection', (socket) => pending.delete(streamBelow(socket)));
  return () => pending.size;
}
