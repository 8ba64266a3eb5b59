/** The agent as a service. */
export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export { startEphemeralAgent } from './ephemeral.ts';
export { freeBytes, parseSlots } from './machine.ts';
export { askStatus, type Status } from './status.ts';
export { plain } from './log.ts';
