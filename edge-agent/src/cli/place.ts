/** Which agent a command is about: its home, and its `agent.yaml` where it has one. */
import type { Command } from 'commander';
import { type AgentHome, agentHome } from '../identity/index.ts';
import { type HeldConfig, readAgentConfig } from '../service/index.ts';

export interface PlaceFlags {
  readonly home?: string;
  readonly config?: string;
}

export interface Place {
  readonly home: AgentHome;
  /** Null where none was named. */
  readonly config: HeldConfig | null;
}

export function withPlace(command: Command): Command {
  return command
    .option('--home <dir>', 'agent home (default: $CASARE_AGENT_HOME, $CASARE_HOME/agent, or .casare/agent)')
    .option('--config <file>', 'agent.yaml (default: $CASARE_AGENT_CONFIG)');
}

/** Reads the file; the way out is as it says. Throws what `readAgentConfig` throws. */
export function placeOf(flags: PlaceFlags, environment: NodeJS.ProcessEnv): Place {
  const named = flags.config ?? environment['CASARE_AGENT_CONFIG'];
  const config = named === undefined || named === '' ? null : readAgentConfig(named);
  return { home: agentHome(flags.home, environment, config?.network ?? null), config };
}
