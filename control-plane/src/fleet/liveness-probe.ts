/** Does a process answer behind this socket, now? Asked by a ping that nobody can have answered before. */
import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';

/** A process that lives answers within this, milliseconds; a dead one never does. */
const ANSWER_MS = 3_000;

/** True when the peer answers a ping of the WebSocket layer that is sent now. Never rejects. */
export function answersNow(socket: WebSocket, withinMs: number = ANSWER_MS): Promise<boolean> {
  const payload = randomBytes(16);
  return new Promise((resolve) => {
    const settle = (alive: boolean): void => {
      clearTimeout(late);
      socket.off('pong', heard);
      socket.off('close', gone);
      resolve(alive);
    };
    const heard = (data: Buffer): void => {
      if (payload.equals(data)) settle(true);
    };
    const gone = (): void => settle(false);
    const late = setTimeout(gone, withinMs);
    socket.on('pong', heard);
    socket.on('close', gone);
    if (socket.readyState === socket.OPEN) socket.ping(payload, false, () => undefined);
    else settle(false);
  });
}
