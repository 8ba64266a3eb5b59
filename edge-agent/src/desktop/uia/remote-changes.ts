/**
 * The agent's side of what hears changes (`watch.ts`): a process that is started when somebody waits for the first time. It is
 * no part of what must work: one that ends is started again a few times, and without it steps look again by the clock.
 */
import { z } from 'zod';
import { type Changes, ChangeSigns } from '../changes.ts';
import type { Channel } from './calls.ts';

/** From the process: what it has heard, by where it came from. */
const Told = z.strictObject({ signs: z.array(z.string().min(1).max(50)).max(20) });
/** Processes that are started for one desktop. */
const MOST_STARTED = 3;

export class RemoteChanges implements Changes {
  readonly #start: () => Channel;
  readonly #signs = new ChangeSigns();
  readonly #heard = new Set<string>();
  #channel: Channel | null = null;
  #started = 0;
  #isClosed = false;

  /** `start` begins a process. */
  constructor(start: () => Channel) {
    this.#start = start;
  }

  get count(): number {
    return this.#signs.count;
  }

  get isHeard(): boolean {
    return this.#signs.isHeard;
  }

  /** Where signs have come from so far: `windows`, or `automation.` with the kind of event. */
  get sources(): ReadonlySet<string> {
    return this.#heard;
  }

  next(since: number, ms: number, signal: AbortSignal): Promise<void> {
    this.#open();
    return this.#signs.next(since, ms, signal);
  }

  close(): void {
    this.#isClosed = true;
    this.#channel?.end();
  }

  #open(): void {
    if (this.#channel !== null || this.#isClosed || this.#started >= MOST_STARTED) return;
    this.#started += 1;
    const channel = this.#start();
    this.#channel = channel;
    channel.onMessage((message) => {
      const told = Told.safeParse(message);
      if (!told.success) return channel.end();
      for (const sign of told.data.signs) this.#heard.add(sign);
      this.#signs.sign();
    });
    channel.onClose(() => {
      this.#channel = null;
      this.#signs.silent();
    });
  }
}
