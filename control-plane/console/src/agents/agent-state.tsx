/** The state of an agent with a mark, and whether it is there. */
import type { Agent } from '@casare/shared/api';
import { Ago } from '../ui/when.tsx';
import { AGENT_STATES } from './agent-words.ts';

export function AgentBadge({ agent: { state } }: { agent: Pick<Agent, 'state'> }) {
  return (
    <span className="badge" data-agent={state}>
      {AGENT_STATES[state].name}
    </span>
  );
}

/** `connected since an hour ago`, `away since …`. */
export function Presence({ agent: { connected, presenceSince } }: { agent: Agent }) {
  if (presenceSince === null) return <>was never connected</>;
  return (
    <>
      {connected ? 'connected' : 'away'} since <Ago time={presenceSince} />
    </>
  );
}
