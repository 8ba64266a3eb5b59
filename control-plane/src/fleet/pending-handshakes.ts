/**
 * Bounds the TLS handshakes under way. At the bound the OLDEST is dropped, not the newest refused: whoever stalls on
 * purpose is the oldest soon, and an honest handshake takes milliseconds, so others still get in.
 */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/** Watches `server`; the function tells how many handshakes are under way. */
export function boundHandshakes(server: Server, limit: number): () => number {
  const pending = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    socket.once('close', () => {
      if (pending.get(key) === socket) pending.delete(key);
    });
    pending.set(key, socket);
    if (pending.size <= limit) return;
    const [oldest] = pending.keys();
    if (oldest === undefined) return;
    pending.get(oldest)?.destroy();
    pending.delete(oldest);
  });
  // The TLS socket is another object than the connection it wraps; address and port name both.
  server.on('secureConnection', (socket) => pending.delete(keyOf(socket)));
  return () => pending.size;
}

function keyOf(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? ''}`;
}
