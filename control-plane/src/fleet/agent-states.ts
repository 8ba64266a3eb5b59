/** The states of agents as trust's locks move them: by the lifecycle table, audited and announced, in their transaction. */
import type { AgentState } from '@casare/shared/api';
import { next } from '@casare/shared/lifecycle';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Transaction } from '../platform/database/index.ts';
import type { AgentStates } from '../trust/index.ts';
import { AGENT, RETURNS, type AgentEvent } from './agent.lifecycle.ts';
import * as store from './agent.store.ts';
import { announceAgent } from './announce.ts';

export function agentStates(clock: Clock): AgentStates {
  const moved = async (
    tx: Transaction,
    { tenant, id, actor }: { readonly tenant: string; readonly id: string; readonly actor: string },
    event: AgentEvent,
    reason: string,
  ): Promise<boolean> => {
    const agent = await store.hold(tx, tenant, id);
    const to = agent && next(AGENT, agent.state, event);
    if (!agent || to === null || !(await store.move(tx, { tenant, id }, event, to))) return false;
    const action = event === 'lock' ? 'agent.locked' : 'agent.unlocked';
    await appendAudit(tx, {
      ...{ tenant, actor, action, subject: `agent:${id}` },
      detail: { from: agent.state, to, reason },
    });
    await announceAgent(tx, { tenant, agentId: id, ...agent, state: to }, clock.now());
    return true;
  };
  return {
    async hold(tx, tenant, agentId) {
      return (await store.hold(tx, tenant, agentId))?.state ?? null;
    },
    lock: (tx, { tenant, actor }, id, reason) => moved(tx, { tenant, id, actor }, 'lock', reason),
    async unlock(tx, { tenant, actor }, id, to: AgentState, reason) {
      const event = RETURNS[to];
      return event !== undefined && (await moved(tx, { tenant, id, actor }, event, reason));
    },
  };
}
