/** Time as an argument. Leases are judged by both clocks: see `runner/lease.decision.ts`. */
/** One moment on both clocks, milliseconds. */
export interface Instant {
  /**
   * Never set back, counts from an arbitrary start, the same for all processes of the machine; may stand still while it
   * sleeps.
   */
  readonly mono: number;
  /** Since the epoch; people and time services may move it. */
  readonly wall: number;
}

export interface Clock {
  now(): Instant;
}

export const systemClock: Clock = {
  now: () => ({ mono: Number(process.hrtime.bigint()) / 1e6, wall: Date.now() }),
};
