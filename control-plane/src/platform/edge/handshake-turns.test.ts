import { once } from 'node:events';
import { createServer } from 'node:https';
import { duplexPair, type Duplex } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { takeTurns, type TurnsOptions } from './handshake-turns.ts';

/** A server that notes which connections it begins with. */
function server(options: Partial<TurnsOptions> = {}) {
  const begun: Duplex[] = [];
  const https = createServer();
  https.removeAllListeners('connection');
  https.on('connection', (stream: Duplex) => void begun.push(stream));
  const waiting = takeTurns(https, { atOnce: 2, turnMs: 60_000, waitMs: 60_000, ...options });
  const connect = () => {
    const [stream] = duplexPair();
    https.emit('connection', stream);
    return stream;
  };
  return { begun, waiting, connect };
}

it('begins with as many as may be under way, and with the others in order as those end', async () => {
  const { begun, waiting, connect } = server();
  const streams = Array.from({ length: 5 }, connect);
  expect(begun).toEqual(streams.slice(0, 2));
  expect(waiting()).toBe(3);
  streams[1]!.destroy();
  await vi.waitFor(() => expect(begun).toEqual(streams.slice(0, 3)));
  // One that leaves while it waits is never begun with.
  streams[3]!.destroy();
  await once(streams[3]!, 'close');
  streams[0]!.destroy();
  await vi.waitFor(() => expect(begun).toEqual([0, 1, 2, 4].map((index) => streams[index])));
});

it('whoever stalls keeps the others waiting for one turn only', async () => {
  const { begun, connect } = server({ turnMs: 20 });
  const streams = Array.from({ length: 6 }, connect);
  await vi.waitFor(() => expect(begun).toEqual(streams));
  expect(streams.every((stream) => !stream.destroyed)).toBe(true);
});

it('whoever waited too long is closed and not begun with', async () => {
  const { begun, connect } = server({ waitMs: -1 });
  const stream = connect();
  await vi.waitFor(() => expect(stream.destroyed).toBe(true));
  expect(begun).toEqual([]);
});
