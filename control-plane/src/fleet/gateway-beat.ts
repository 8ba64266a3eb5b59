/**
 * This process as a gateway: its row, its heartbeat, and the right to renew leases.
 *
 * Invariant: a pong, or a welcome, is sent only while the last COMMITTED heartbeat was asked for at most `HEARTBEAT_MS`
 * ago. So heartbeat_at + HEARTBEAT_MS + lease bounds every lease that this gateway can have granted, also when it dies.
 */
import { sessions } from '../jobs/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { atMost } from './at-most.ts';

/** The oldest heartbeat that a lease may rely on, milliseconds; the sweep for lost leases adds it to the lease. */
export const HEARTBEAT_MS = 5_000;
/** How often it is committed: often enough that pongs hardly ever wait. */
const INTERVAL_MS = 2_000;
const STOP_MS = 1_000;

export interface GatewayBeatOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Somebody decided that this gateway died: its sessions are no longer its own. It goes on under a new id. */
  readonly onLost: () => void;
}

export class GatewayBeat {
  readonly #options: GatewayBeatOptions;
  #id = '';
  /** When the last committed heartbeat was asked for, on the monotonic clock. */
  #beatAt = -Infinity;
  #waiting: (() => void)[] = [];
  #loop: Loop | null = null;

  constructor(options: GatewayBeatOptions) {
    this.#options = options;
  }

  /** Identifies this process; changes when it was taken for dead. */
  get id(): string {
    return this.#id;
  }

  async start(): Promise<void> {
    await this.#register();
    const { log } = this.#options;
    this.#loop = startLoop({ name: 'gateway heartbeat', intervalMs: INTERVAL_MS, log, run: () => this.#beat() });
  }

  /** Unregisters, if the database is there; the sessions were closed before. */
  async stop(): Promise<void> {
    const loop = this.#loop;
    if (loop === null) return;
    const unregistered = async (): Promise<void> => {
      await loop.stop();
      this.#beatAt = -Infinity;
      await sessions.unregisterGateway(this.#options.db, this.#id);
    };
    await atMost(STOP_MS, 'gateway heartbeat', unregistered(), this.#options.log);
  }

  /** True while leases may be granted. */
  isFresh(): boolean {
    return this.#options.clock.monotonicMs() - this.#beatAt <= HEARTBEAT_MS;
  }

  /** Runs `then` as soon as leases may be granted: now, or after the next committed heartbeat. */
  whenFresh(then: () => void): void {
    if (this.isFresh()) then();
    else this.#waiting.push(then);
  }

  async #register(): Promise<void> {
    const id = this.#options.ids.next();
    const askedAt = this.#options.clock.monotonicMs();
    await sessions.registerGateway(this.#options.db, id);
    this.#id = id;
    this.#committed(askedAt);
  }

  async #beat(): Promise<void> {
    const askedAt = this.#options.clock.monotonicMs();
    if (await sessions.heartbeat(this.#options.db, this.#id)) {
      this.#committed(askedAt);
      return;
    }
    this.#options.log.warn('this gateway was taken for dead; its agents must reconnect', { gateway: this.#id });
    this.#beatAt = -Infinity;
    this.#options.onLost();
    await this.#register();
  }

  #committed(askedAt: number): void {
    this.#beatAt = askedAt;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const then of waiting) then();
  }
}
