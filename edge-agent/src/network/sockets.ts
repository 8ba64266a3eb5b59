/** The two steps that every way out is made of: a TCP connection, and TLS over a stream that is there. */
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';

/** Connects, or rejects with the system's error or the signal's reason. */
export function connectTcp(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return settled(connect({ host, port, noDelay: true }), 'connect', signal);
}

/** Handshakes over `stream`, which ends with the result. Rejects with OpenSSL's or the verification's error. */
export async function secure(stream: Duplex, options: ConnectionOptions, signal: AbortSignal): Promise<TLSSocket> {
  const socket = connectTls({ ...options, socket: stream });
  const end = (): void => void stream.destroy();
  socket.once('close', end);
  // what came before the end is read first
  stream.once('close', () => setImmediate(() => socket.destroy()));
  try {
    return await settled(socket, 'secureConnect', signal);
  } catch (error) {
    end();
    throw error;
  }
}

function settled<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const stop = (): void => void socket.destroy(signal.reason as Error);
    const ended = (): void => reject(new Error('the connection was closed'));
    // the listener stays: an error between here and the next owner must not end the process
    socket.on('error', reject);
    socket.once('close', ended);
    socket.once(event, () => {
      signal.removeEventListener('abort', stop);
      socket.off('close', ended);
      resolve(socket);
    });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
