/** Time as an argument. Leases are judged by both clocks: see `runner/lease.decision.ts`. */
import { performance } from 'node:perf_hooks';

/** One moment on both clocks, milliseconds. */
export interface Instant {
  /** Never set back, counts from an arbitrary start; may stand still while the machine sleeps. */
  readonly mono: number;
  /** Since the epoch; people and time services may move it. */
  readonly wall: number;
}

export interface Clock {
  now(): Instant;
}

export const systemClock: Clock = {
  now: () => ({ mono: performance.now(), wall: Date.now() }),
};
