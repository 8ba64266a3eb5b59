import { once } from 'node:events';
import { createServer } from 'node:https';
import { duplexPair, type Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { takeTurns, type TurnsOptions } from './arrival-turns.ts';
import { clientOf, handOver } from './client-address.ts';

/** A server that notes which connections it begins with. */
function server(options: Partial<TurnsOptions> = {}) {
  const begun: Duplex[] = [];
  const https = createServer();
  https.removeAllListeners('connection');
  https.on('connection', (stream: Duplex) => void begun.push(stream));
  const turns = takeTurns(https, { atOnce: 2, turnMs: 60_000, busyTurnMs: 60_000, waitMs: 60_000, ...options });
  const connect = () => {
    const [stream] = duplexPair();
    https.emit('connection', stream);
    return stream;
  };
  return { begun, turns, connect };
}

it('begins with as many as may be under way, and with the others in order as those end', async () => {
  const { begun, turns, connect } = server();
  const streams = Array.from({ length: 5 }, connect);
  expect(begun).toEqual(streams.slice(0, 2));
  expect(turns.waiting).toBe(3);
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

it('an arrival that is over makes room, though its connection stays', () => {
  const { begun, turns, connect } = server();
  const streams = Array.from({ length: 4 }, connect);
  turns.over(streams[0]!);
  turns.over(streams[0]!);
  expect(begun).toEqual(streams.slice(0, 3));
  expect(turns.waiting).toBe(1);
});

it('while the processor has no time to spare, turns are longer', async () => {
  const { begun, connect } = server({ turnMs: 20, busyTurnMs: 60_000 });
  const streams = Array.from({ length: 3 }, connect);
  for (let turn = 0; turn < 15; turn++) {
    const until = performance.now() + 20;
    while (performance.now() < until);
    await setImmediate();
  }
  expect(begun).toEqual(streams.slice(0, 2));
  await vi.waitFor(() => expect(begun).toEqual(streams));
});

it('what waited begins as the connection that it is, whoever made room for it', async () => {
  const https = createServer();
  https.removeAllListeners('connection');
  // As a TLS server does: another object, made within the call that hands the stream over.
  https.on('connection', () => https.emit('secureConnection', duplexPair()[0]));
  const seen: string[] = [];
  https.on('secureConnection', (socket: Duplex) => seen.push(clientOf(socket).address));
  takeTurns(https, { atOnce: 1, turnMs: 60_000, busyTurnMs: 60_000, waitMs: 60_000 });
  const [one, two] = [duplexPair()[0], duplexPair()[0]];
  handOver(https, one, { address: '192.0.2.1', port: 1 });
  handOver(https, two, { address: '192.0.2.2', port: 2 });
  expect(seen).toEqual(['192.0.2.1']);
  one.destroy();
  await vi.waitFor(() => expect(seen).toEqual(['192.0.2.1', '192.0.2.2']));
});
