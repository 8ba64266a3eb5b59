/**
 * Agents that are drained: when the last run of one has ended, that goes on record and is announced, once.
 *
 * Invariant: a drained agent is given nothing until it is resumed, so what was announced stays true. It is judged only
 * `SETTLED_MS` after it was drained: replicas hear of it within about a second, and may have given it a job until then.
 */
import { appendLive, type LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { noteDrained } from './draining.store.ts';

export interface DrainingOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly live: LiveService;
}

const SWEEP_MS = 1_000;
const SETTLED_MS = 5_000;
/** Agents that one turn announces; the next one goes on. */
const BATCH = 200;

export class Draining {
  readonly #options: DrainingOptions;
  #loop: Loop | null = null;

  constructor(options: DrainingOptions) {
    this.#options = options;
  }

  start(): void {
    const { log } = this.#options;
    this.#loop = startLoop({ name: 'draining agents', intervalMs: SWEEP_MS, log, run: () => this.sweep() });
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  /** One turn. */
  async sweep(settledMs = SETTLED_MS): Promise<void> {
    const { db, clock, live } = this.#options;
    const drained = await db.transaction(async (tx) => {
      const agents = await noteDrained(tx, settledMs, BATCH);
      const at = clock.now().toISOString();
      await appendLive(
        tx,
        agents.map(({ tenant, ...agent }) => ({ tenant, event: { type: 'agent.drained', at, ...agent } as const })),
      );
      return agents;
    });
    if (drained.length > 0) live.wake();
  }
}
