/**
 * Handshakes take turns: when thousands of agents come back at once, as many as make sense are under way, and the others
 * wait in order. Without turns all begin, all wait for all, and who gives up meanwhile took part of the work for nothing.
 *
 * Invariants: who stalls on purpose holds a turn for `turnMs` and no longer, so waiting stays short for the others; who
 * has waited for `waitMs`, about as long as an agent does, is closed before any work is done for it.
 */
import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { streamBelow } from './client-address.ts';

export interface TurnsOptions {
  readonly atOnce: number;
  readonly turnMs: number;
  readonly waitMs: number;
}

interface Waiting {
  readonly stream: Duplex;
  readonly since: number;
}

type Begin = (this: Server, stream: Duplex) => void;

/** Defers what `server` does with a connection until now; gives how many wait. */
export function takeTurns(server: Server, { atOnce, turnMs, waitMs }: TurnsOptions): () => number {
  const begins = server.listeners('connection') as Begin[];
  const waiting = new Set<Waiting>();
  const turns = new Map<Duplex, NodeJS.Timeout>();

  const next = (): void => {
    for (const one of waiting) {
      if (turns.size >= atOnce) return;
      waiting.delete(one);
      if (performance.now() - one.since > waitMs) one.stream.destroy();
      else if (!one.stream.destroyed) begin(one.stream);
    }
  };
  const end = (stream: Duplex): void => {
    clearTimeout(turns.get(stream));
    if (turns.delete(stream)) next();
  };
  const begin = (stream: Duplex): void => {
    turns.set(
      stream,
      setTimeout(() => end(stream), turnMs),
    );
    for (const listener of begins) listener.call(server, stream);
  };
  server.removeAllListeners('connection');
  server.on('connection', (stream: Duplex) => {
    const one = { stream, since: performance.now() };
    const failed = (): void => void stream.destroy();
    stream.once('error', failed);
    stream.once('close', () => {
      waiting.delete(one);
      end(stream);
    });
    waiting.add(one);
    next();
  });
  server.on('secureConnection', (socket) => end(streamBelow(socket)));
  return () => waiting.size;
}
