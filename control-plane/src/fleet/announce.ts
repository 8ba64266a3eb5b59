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

export function announceAgent(tx: Queryable, change: AgentChange, at: Date): Promise<void> {
  return announceAgents(tx, [change], at);
}

export async function announceAgents(tx: Queryable, changes: readonly AgentChange[], at: Date): Promise<void> {
  const event = ({ tenant: _, ...rest }: AgentChange) =>
    ({ type: 'agent.changed', at: at.toISOString(), ...rest }) as const;
  await appendLive(
    tx,
    changes.map((change) => ({ tenant: change.tenant, event: event(change) })),
  );
}
