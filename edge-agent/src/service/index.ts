/** The agent as a service. */
export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export { ConfigInvalid, heldConfig, type HeldConfig, readAgentConfig } from './agent-config.ts';
export { enrolFirst } from './first-enrolment.ts';
export { ensureNotRunning, startEphemeralAgent } from './ephemeral.ts';
export { agentVersion, MAX_SPOOL_BYTES, MIN_FREE_BYTES, parseSlots } from './machine.ts';
export { askStatus, keptStatus, type Status } from './status.ts';
export { plain } from './log.ts';
export { NO_WORKER_HOST } from './abilities.ts';
