/**
 * Arrivals take turns: when thousands of agents come back at once, as many as make sense are under way, from the TLS
 * handshake to the welcome, and the others wait in order. Without turns all begin, all wait for all, and who gives up
 * meanwhile took part of the work for nothing.
 *
 * Invariants: who stalls on purpose holds a turn for `turnMs`, or `busyTurnMs` while the processor has no time to spare,
 * and no longer, so waiting stays short for the others; who has waited for `waitMs`, somewhat less than an agent does, is
 * closed before any work is done for it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server } from 'node:https';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { streamBelow } from './client-address.ts';

export interface TurnsOptions {
  readonly atOnce: number;
  /** An arrival that is not over by then gives its turn to the next, milliseconds. It goes on itself. */
  readonly turnMs: number;
  /** The same while the processor has no time to spare: to begin with more would only make all of them later. */
  readonly busyTurnMs: number;
  readonly waitMs: number;
}

export interface Turns {
  /** How many wait. */
  readonly waiting: number;
  /** The arrival on this socket of the server is over: the next one may begin. */
  over(socket: Duplex): void;
}

interface Waiting {
  readonly since: number;
  readonly begin: () => void;
}

/** How often turns that have lasted too long are looked for, milliseconds. */
const LOOK_MS = 50;
/** The part of its time that the event loop is at work when the processor has none to spare. */
const BUSY = 0.9;

/** Defers what `server` does with a connection until its turn. */
export function takeTurns(server: Server, { atOnce, turnMs, busyTurnMs, waitMs }: TurnsOptions): Turns {
  const begins = server.listeners('connection') as ((this: Server, stream: Duplex) => void)[];
  const waiting = new Map<Duplex, Waiting>();
  /** When each turn began; the oldest first. */
  const turns = new Map<Duplex, number>();
  let looking: NodeJS.Timeout | undefined;
  let measured = performance.eventLoopUtilization();

  const next = (): void => {
    for (const [stream, { since, begin }] of waiting) {
      if (turns.size >= atOnce) return;
      waiting.delete(stream);
      if (performance.now() - since > waitMs) stream.destroy();
      else if (!stream.destroyed) begin();
    }
  };
  const over = (stream: Duplex): void => {
    if (!turns.delete(stream)) return;
    if (turns.size === 0) clearInterval(looking);
    next();
  };
  const look = (): void => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, measured);
    measured = now;
    const latest = performance.now() - (utilization < BUSY ? turnMs : busyTurnMs);
    for (const [stream, since] of turns) {
      if (since > latest) return;
      over(stream);
    }
  };
  const begin = (stream: Duplex): void => {
    if (turns.size === 0) {
      measured = performance.eventLoopUtilization();
      looking = setInterval(look, LOOK_MS);
    }
    turns.set(stream, performance.now());
    stream.off('error', destroy);
    for (const listener of begins) listener.call(server, stream);
  };
  // Shared by all connections: each holds as little as can be.
  const gone = function (this: Duplex): void {
    waiting.delete(this);
    over(this);
  };
  server.removeAllListeners('connection');
  server.on('connection', (stream: Duplex) => {
    stream.on('error', destroy);
    stream.on('close', gone);
    // Begun in the context in which it came, by which `client-address.ts` knows whose it is.
    const within = AsyncLocalStorage.snapshot();
    waiting.set(stream, { since: performance.now(), begin: () => within(begin, stream) });
    next();
  });
  return {
    get waiting() {
      return waiting.size;
    },
    over: (socket) => over(streamBelow(socket)),
  };
}

function destroy(this: Duplex): void {
  this.destroy();
}
