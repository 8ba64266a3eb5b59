/** Time as an argument: programs get the system's clock, tests a clock that they move. */

/** Where time comes from. */
export interface Clock {
  /** Wall-clock time, for records and expiry. */
  now(): Date;
  /** Milliseconds that never go back, for durations. */
  monotonicMs(): number;
}

export const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #ms: number;
  constructor(start: Date | string = '2026-01-01T00:00:00.000Z') {
    this.#ms = new Date(start).getTime();
  }
  now(): Date {
    return new Date(this.#ms);
  }
  monotonicMs(): number {
    return this.#ms;
  }
  /** Moves time forward. */
  advance(ms: number): void {
    this.#ms += ms;
  }
}
