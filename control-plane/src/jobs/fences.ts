/**
 * The sweep over fences: each replica tells the agents whose tunnels it holds, wherever the person's word was taken, and
 * takes away what is over. Bounded, and repeating it changes nothing, so any number of replicas may run it.
 */
import type { Dispatcher } from './dispatcher.ts';
import { dropPassed, listUntold, told } from './fence.store.ts';
import type { SettleDependencies } from './settle.ts';
import type { SilenceBounds } from './silence.store.ts';

/** What an agent is told whose attempt was ended over its head: by a person, or because its time was over. */
export const FENCED_HERE = 'This attempt was ended at the control plane.';

const BATCH = 500;

/** One turn. */
export async function sweepFences(
  deps: SettleDependencies & { readonly dispatcher: Dispatcher; readonly promotable: () => void },
  bounds: SilenceBounds,
): Promise<void> {
  const tunnels = deps.dispatcher.connected();
  const untold = tunnels.length === 0 ? [] : await listUntold(deps.db, tunnels, BATCH);
  for (const { agentId, sessionId, ...key } of untold) {
    const { jobId, attempt } = key;
    const fenced = { type: 'run.fenced', jobId, attempt, reason: FENCED_HERE, confirm: true } as const;
    // Not over the session that has replaced it meanwhile: that one is looked at by itself.
    if (!deps.dispatcher.sendOver(agentId, sessionId, fenced)) continue;
    await told(deps.db, key, sessionId);
  }
  if ((await dropPassed(deps.db, bounds, BATCH)) > 0) deps.promotable();
}
