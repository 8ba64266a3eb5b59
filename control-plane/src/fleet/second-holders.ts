/**
 * What follows when an identity has two holders: the agent is locked (a superseded certificate was presented) or becomes
 * suspect (two of its processes answer at once). Audited, announced, and its sessions end on every replica.
 */
import { next } from '@casare/shared/lifecycle';
import { appendAudit } from '../audit/index.ts';
import type { LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import type { Presenter } from '../trust/index.ts';
import { AGENT, type AgentEvent } from './agent.lifecycle.ts';
import * as store from './agent.store.ts';
import { announceAgent } from './announce.ts';

export interface SecondHoldersOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly live: LiveService;
  readonly log: Log;
  /** After COMMIT: whoever holds the agent's tunnel must look again. */
  readonly onChanged: (agentId: string) => void;
}

/** Two sessions that were both alive. */
export interface TwoSessions {
  readonly tenant: string;
  readonly agentId: string;
  readonly older: { readonly session: string; readonly instance: string | null };
  readonly newer: { readonly session: string; readonly instance: string | null };
}

export class SecondHolders {
  readonly #options: SecondHoldersOptions;

  constructor(options: SecondHoldersOptions) {
    this.#options = options;
  }

  /** A living process presented a certificate that was superseded. */
  async cloned({ tenant, agentId, serial }: Presenter): Promise<void> {
    await this.#act(tenant, agentId, 'agent.cloned', ['lock'], { serial });
  }

  /** Two processes of one agent live at once. An agent that was never approved is locked: it cannot become suspect. */
  async suspected({ tenant, agentId, older, newer }: TwoSessions): Promise<void> {
    await this.#act(tenant, agentId, 'agent.suspected', ['suspect', 'lock'], { older, newer });
  }

  /** Makes the first move that the agent's state allows; none when it is locked, suspect or gone already. */
  async #act(
    tenant: string,
    agentId: string,
    action: string,
    events: readonly AgentEvent[],
    detail: Record<string, unknown>,
  ): Promise<void> {
    const { db, clock, live, log, onChanged } = this.#options;
    const moved = await db.transaction(async (tx) => {
      const agent = await store.hold(tx, tenant, agentId);
      if (!agent || agent.state === 'suspect') return false;
      const event = events.find((candidate) => next(AGENT, agent.state, candidate) !== null);
      const state = event && next(AGENT, agent.state, event);
      if (!event || !state || !(await store.move(tx, { tenant, id: agentId }, event, state))) return false;
      const audited = { from: agent.state, to: state, ...detail };
      await appendAudit(tx, { tenant, actor: 'system', action, subject: `agent:${agentId}`, detail: audited });
      await announceAgent(tx, { tenant, agentId, ...agent, state }, clock.now());
      return true;
    });
    if (!moved) return;
    log.warn('an identity has two holders', { tenant, agentId, action, ...detail });
    live.wake();
    onChanged(agentId);
  }
}
