/** Messages over a socket as Node's own channel between processes has them: structured clones, each after its length. */
import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import type { Channel } from '../../edge-agent/src/desktop/uia/calls.ts';

const LENGTH = 4;

/** `end` is what ends the other side, whatever it does. */
export function framed(socket: Socket, end: () => void): Channel {
  let rest: Buffer = Buffer.alloc(0);
  const listeners: ((message: unknown) => void)[] = [];
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= LENGTH && rest.length >= LENGTH + rest.readUInt32LE(0)) {
      const length = LENGTH + rest.readUInt32LE(0);
      const message: unknown = deserialize(rest.subarray(LENGTH, length));
      rest = rest.subarray(length);
      for (const listener of listeners) listener(message);
    }
  });
  return {
    send: (message) => {
      const bytes = serialize(message);
      const head = Buffer.alloc(LENGTH);
      head.writeUInt32LE(bytes.length);
      socket.write(Buffer.concat([head, bytes]));
    },
    onMessage: (listener) => listeners.push(listener),
    onClose: (listener) => socket.once('close', listener),
    end,
  };
}
