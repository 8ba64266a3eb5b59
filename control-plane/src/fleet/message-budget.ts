/** What one session may ask for without the database or credit slowing it down: pings. A token bucket. */
import type { Clock } from '../platform/clock.ts';

const BURST = 60;
const PER_SECOND = 10;

export class MessageBudget {
  readonly #clock: Clock;
  #tokens = BURST;
  #at: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.monotonicMs();
  }

  /** False when too many came in too short a time. */
  take(): boolean {
    const now = this.#clock.monotonicMs();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#at) / 1_000) * PER_SECOND);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
