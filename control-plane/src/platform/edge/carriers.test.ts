/** What a carrier holds when one side does not read, measured at both ends, over a real WebSocket. */
import { CARRIER_FRAME_BYTES, CARRIER_PATHS, CARRIER_SUBPROTOCOL } from '@casare/shared/protocol';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { OpenListener } from '../http/listeners.ts';
import { openHttpListener } from '../http/web-listener.ts';
import { silentLog } from '../log.ts';
import { Carriers } from './carriers.ts';
import { ownPort } from './entrances.ts';

const CHUNK = randomBytes(65_536);
const CHUNKS = 1_000;
const MIB = 1_048_576;

let web: OpenListener;
let door: { stop(): void; connections(): readonly Duplex[] };
let carried: Promise<Duplex>;
const service = createServer();
beforeEach(async () => {
  const freePort = ownPort({ host: '127.0.0.1', port: 0, variable: 'TEST' });
  const carriers = new Carriers(silentLog);
  service.maxConnections = 2;
  carried = once(service, 'connection').then(([stream]) => stream as Duplex);
  door = await carriers.beside(freePort, 'tunnel').open(service);
  web = await openHttpListener((_, response) => void response.end(), freePort, { carriers });
});
afterEach(async () => {
  door.stop();
  for (const connection of door.connections()) connection.destroy();
  await web.close(0);
});

function dial(): WebSocket {
  const outer = new WebSocket(`ws://127.0.0.1:${web.port}${CARRIER_PATHS.tunnel}`, [CARRIER_SUBPROTOCOL]);
  return outer.on('error', () => undefined);
}

const digestOf = (update: (hash: ReturnType<typeof createHash>) => void) => {
  const hash = createHash('sha256');
  update(hash);
  return hash.digest('hex');
};
const SENT = digestOf((hash) => {
  for (let n = 0; n < CHUNKS; n++) hash.update(CHUNK);
});

test('a service that does not read: the bytes stay with the sender, and none is lost', async () => {
  const outer = dial();
  await once(outer, 'open');
  const stream = await carried;
  for (let n = 0; n < CHUNKS; n++) outer.send(CHUNK);
  // What the kernel takes on loopback, in both sockets, is some MiB; the rest waits at the sender.
  let before = -1;
  await vi.waitFor(() => {
    const now = outer.bufferedAmount;
    const still = now === before;
    before = now;
    expect(still).toBe(true);
  }, 5_000);
  expect(outer.bufferedAmount).toBeGreaterThan(40 * MIB);
  expect(stream.readableLength).toBeLessThanOrEqual(2 * CARRIER_FRAME_BYTES);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes === CHUNKS * CHUNK.length) break;
  }
  expect(hash.digest('hex')).toBe(SENT);
});

test('an agent that does not read: the service is told to wait, and nothing is lost', async () => {
  const outer = dial();
  await once(outer, 'open');
  const hash = createHash('sha256');
  let bytes = 0;
  outer.on('message', (data: Buffer) => {
    hash.update(data);
    bytes += data.length;
  });
  outer.pause();
  const stream = await carried;
  let written = 0;
  let held = 0;
  const pump = () => {
    while (written < CHUNKS) {
      written += 1;
      const more = stream.write(CHUNK);
      held = Math.max(held, stream.writableLength);
      if (!more) return;
    }
  };
  stream.on('drain', pump);
  pump();
  let before = -1;
  await vi.waitFor(() => {
    const still = written === before;
    before = written;
    expect(still).toBe(true);
  }, 5_000);
  expect(written).toBeLessThan(CHUNKS / 2);
  outer.resume();
  await vi.waitFor(() => expect(bytes).toBe(CHUNKS * CHUNK.length), 20_000);
  expect(hash.digest('hex')).toBe(SENT);
  expect(held).toBeLessThanOrEqual(2 * CHUNK.length);
});

test('however much the service writes at once, no frame is larger than an agent takes', async () => {
  const outer = dial();
  await once(outer, 'open');
  const sizes: number[] = [];
  outer.on('message', (data: Buffer) => sizes.push(data.length));
  (await carried).write(Buffer.alloc(5 * MIB));
  await vi.waitFor(() => expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(5 * MIB), 5_000);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(CARRIER_FRAME_BYTES);
});

test('no more carriers than the service takes, and none when it has stopped', async () => {
  service.on('connection', drained);
  const [first, second] = [dial(), dial()];
  await Promise.all([once(first, 'open'), once(second, 'open')]);
  const [refused] = (await once(dial(), 'error')) as [Error];
  expect(refused.message).toContain('503');
  first.close();
  await vi.waitFor(() => expect(door.connections()).toHaveLength(1));
  const third = dial();
  await once(third, 'open');
  door.stop();
  const [stopped] = (await once(dial(), 'error')) as [Error];
  expect(stopped.message).toContain('503');
  // What is open stays until it is closed.
  expect(door.connections()).toHaveLength(2);
  third.terminate();
  await vi.waitFor(() => expect(door.connections()).toHaveLength(1));
  service.off('connection', drained);
});

test('text is no part of a TLS connection: it ends the carrier, and the same as bytes does not', async () => {
  service.on('connection', drained);
  const [bytes, text] = [dial(), dial()];
  await Promise.all([once(bytes, 'open'), once(text, 'open')]);
  bytes.send(Buffer.from('hello'));
  text.send('hello');
  await once(text, 'close');
  expect(bytes.readyState).toBe(WebSocket.OPEN);
  service.off('connection', drained);
});

function drained(stream: Duplex): void {
  stream.resume();
}
