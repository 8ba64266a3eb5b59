/**
 * How much a tenant uses of something that is too much to count each time: counted now and then, and what is let in here
 * meanwhile is added.
 *
 * A bound, not a ledger: between two looks it misses what other replicas let in and what ended. It looks again when `EVERY_MS`
 * have passed, or as long as `SPARING` looks take, so that counting never costs more than a part of the time.
 */
import type { Clock } from '../platform/clock.ts';

const EVERY_MS = 1_000;
const SPARING = 20;

interface Reading {
  used: number;
  /** When it is too old, on the monotonic clock. */
  readonly until: number;
}

export class Meter {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #count: (tenant: string, limit: number) => Promise<number>;
  readonly #readings = new Map<string, Promise<Reading>>();

  /** `count` may stop beyond the limit that it is given. */
  constructor(clock: Pick<Clock, 'monotonicMs'>, count: (tenant: string, limit: number) => Promise<number>) {
    this.#clock = clock;
    this.#count = count;
  }

  /** Lets `more` in, null; or what is used, when it does not fit. */
  async take(tenant: string, more: number, limit: number): Promise<number | null> {
    const reading = await this.#read(tenant, limit);
    if (reading.used + more > limit) return reading.used;
    reading.used += more;
    return null;
  }

  /** Forgets tenants that have no such quota any more. */
  keep(tenants: ReadonlySet<string>): void {
    for (const tenant of this.#readings.keys()) if (!tenants.has(tenant)) this.#readings.delete(tenant);
  }

  async #read(tenant: string, limit: number): Promise<Reading> {
    const known = this.#readings.get(tenant);
    if (known !== undefined) {
      const reading = await known;
      if (this.#clock.monotonicMs() < reading.until) return reading;
      // Of those that find it old together, one counts.
      if (this.#readings.get(tenant) !== known) return this.#read(tenant, limit);
    }
    const reading = this.#look(tenant, limit);
    this.#readings.set(tenant, reading);
    reading.catch(() => this.#readings.delete(tenant));
    return reading;
  }

  async #look(tenant: string, limit: number): Promise<Reading> {
    const before = this.#clock.monotonicMs();
    const used = await this.#count(tenant, limit + 1);
    const now = this.#clock.monotonicMs();
    return { used, until: now + Math.max(EVERY_MS, SPARING * (now - before)) };
  }
}
