/**
 * Ephemeral agents (containers, VDI, golden images) enrol anew at each start, so whoever has left never comes back: it
 * is decommissioned when its session has ended and the lease that it may believe in is over.
 *
 * Invariants: an agent is judged while its row is locked, as a greeting does it; one with a job that is not settled has
 * the time of `disconnectGrace` and more to come back over a cut network; rows do not pile up.
 */
import { LEASE_MARGIN_MS, LEASE_MS } from '@casare/shared/protocol';
import { next } from '@casare/shared/lifecycle';
import { appendAudit } from '../audit/index.ts';
import type { LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import type { AgentLeaves } from '../trust/index.ts';
import { AGENT } from './agent.lifecycle.ts';
import { hold, move } from './agent.store.ts';
import { announceAgent } from './announce.ts';
import * as store from './ephemeral.store.ts';
import { HEARTBEAT_MS } from './gateway-beat.ts';

export interface EphemeralAgentsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly live: LiveService;
  readonly leaves: Pick<AgentLeaves, 'revoke'>;
}

const BOUNDS: store.AbsenceBounds = {
  leaseMs: HEARTBEAT_MS + LEASE_MS + LEASE_MARGIN_MS,
  busyMs: 900_000,
  firstMs: 900_000,
};
const SWEEP_MS = 10_000;
const FORGET_MS = 3_600_000;
/** Rows of agents that have left are kept so long, milliseconds; lists show them for a day. */
const KEPT_MS = 7 * 86_400_000;
const BATCH = 200;

export class EphemeralAgents {
  readonly #options: EphemeralAgentsOptions;
  #loops: Loop[] = [];

  constructor(options: EphemeralAgentsOptions) {
    this.#options = options;
  }

  start(): void {
    const { log } = this.#options;
    this.#loops = [
      startLoop({ name: 'ephemeral agents', intervalMs: SWEEP_MS, log, run: () => this.sweep() }),
      startLoop({ name: 'agents that left', intervalMs: FORGET_MS, log, run: () => this.forget() }),
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
  }

  /** One turn: decommissions at most `BATCH` agents that have left; the next turn goes on. */
  async sweep(): Promise<void> {
    await store.leftByPeople(this.#options.db);
    const gone = await store.listGone(this.#options.db, BOUNDS, BATCH);
    for (const key of gone) await this.#end(key);
    if (gone.length > 0) this.#options.live.wake();
  }

  /** One turn: deletes the rows of agents that left longer ago than `keptMs`. */
  async forget(keptMs = KEPT_MS): Promise<void> {
    while ((await store.forget(this.#options.db, keptMs, BATCH)) === BATCH);
  }

  async #end({ tenant, id }: { readonly tenant: string; readonly id: string }): Promise<void> {
    const { db, clock, leaves } = this.#options;
    await db.transaction(async (tx) => {
      const agent = await hold(tx, tenant, id);
      if (!agent || !(await store.isGone(tx, BOUNDS, { tenant, id }))) return;
      const state = next(AGENT, agent.state, 'decommission');
      if (state === null || !(await move(tx, { tenant, id }, 'decommission', state))) return;
      await store.left(tx, { tenant, id });
      const detail = { from: agent.state, to: state, why: 'an ephemeral agent has left' };
      const audited = { tenant, actor: 'system', action: 'agent.decommissioned', subject: `agent:${id}`, detail };
      await appendAudit(tx, audited);
      await leaves.revoke(tx, tenant, id, 'system');
      await announceAgent(tx, { tenant, agentId: id, ...agent, connected: false, state }, clock.now());
    });
  }
}
