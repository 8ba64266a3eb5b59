/** Which faults a seed brings, and how often. */
import type { Chance } from './random.ts';

/** Probabilities at each call or message; a seed leaves out about half of them. */
export interface Faults {
  /** A call of the database, by kind of trouble. */
  readonly database: {
    readonly crash: number;
    readonly refused: number;
    /** Carried out, and the answer is lost: a COMMIT whose outcome nobody knows. */
    readonly answerLost: number;
    readonly slow: number;
  };
  readonly agent: {
    /** At each write of the outbox, before or after it. */
    readonly crash: number;
    readonly workerCrash: number;
    /** When it is asked whether its disk has room. */
    readonly fullDisk: number;
    /** Milliseconds by which its wall clock is off, at most. */
    readonly skewMs: number;
    /**
     * Part by which its clocks run fast or slow, at most. The margin that the agent keeps to its lease (5 s of 60 s) covers
     * up to 8.3 %, that and the margin by which the server waits longer up to 15 %.
     */
    readonly drift: number;
    /** Agents that go away while they work and never come back. */
    readonly gone: number;
  };
  /** At each frame. A connection keeps its order, so what is lost is its tail, and what is reordered are connections. */
  readonly network: {
    readonly cut: number;
    /** Cut, and one end is not told: it finds out by silence. */
    readonly halfOpen: number;
    readonly duplicate: number;
    readonly slow: number;
  };
  /** A partition of some agents from every gateway: how many there are, and how long one lasts at most, milliseconds. */
  readonly partitions: { readonly count: number; readonly longestMs: number };
  /** Gateways that are killed at some moment, beside those that die at a call. */
  readonly gatewayKills: number;
}

export const NO_FAULTS: Faults = {
  database: { crash: 0, refused: 0, answerLost: 0, slow: 0 },
  agent: { crash: 0, workerCrash: 0, fullDisk: 0, skewMs: 0, drift: 0, gone: 0 },
  network: { cut: 0, halfOpen: 0, duplicate: 0, slow: 0 },
  partitions: { count: 0, longestMs: 0 },
  gatewayKills: 0,
};

export function faultsOf(chance: Chance): Faults {
  const some = (most: number): number => (chance.hits(0.5) ? chance.between(0, most) : 0);
  return {
    database: { crash: some(0.003), refused: some(0.01), answerLost: some(0.01), slow: some(0.02) },
    agent: {
      ...{ crash: some(0.02), workerCrash: some(0.05), fullDisk: some(0.1) },
      ...{ skewMs: some(3_600_000), drift: chance.hits(0.2) ? 0.14 : some(0.08), gone: chance.hits(0.1) ? 1 : 0 },
    },
    network: { cut: some(0.01), halfOpen: some(0.01), duplicate: some(0.1), slow: some(0.05) },
    partitions: {
      count: chance.hits(0.6) ? chance.whole(1, 4) : 0,
      longestMs: chance.pick([20_000, 150_000, 300_000]),
    },
    gatewayKills: chance.hits(0.4) ? chance.whole(1, 3) : 0,
  };
}
