/** Tells consoles and scripts that an agent changed; always inside the transaction that changed it. */
import type { AgentState } from '@casare/shared/api';
import { appendLive } from '../live/index.ts';
import type { Queryable } from '../platform/database/index.ts';

export interface AgentChange {
  readonly tenant: string;
  readonly agentId: string;
  readonly name: string;
  readonly state: AgentState;
  readonly connected: boolean;
}

export async function announceAgent(tx: Queryable, change: AgentChange, at: Date): Promise<void> {
  const { tenant, ...rest } = change;
  await appendLive(tx, [{ tenant, event: { type: 'agent.changed', at: at.toISOString(), ...rest } }]);
}
