/** Log lines about peers that were turned away, so many a minute: a flood must not fill the disk. */
import type { Log } from '../log.ts';

/** Lines in a minute; the rest is not logged. */
const PER_MINUTE = 120;

export class RefusalLog {
  readonly #log: Log;
  #minute = 0;
  #count = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  refused(message: string, fields: Readonly<Record<string, unknown>>): void {
    const minute = Math.floor(performance.now() / 60_000);
    if (minute !== this.#minute) [this.#minute, this.#count] = [minute, 0];
    if (++this.#count <= PER_MINUTE) this.#log.warn(message, fields);
  }
}
