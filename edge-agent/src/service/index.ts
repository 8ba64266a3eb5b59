/** The agent as a service. */
export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export { freeBytes, machineFacts, parseSlots } from './machine.ts';
export { askStatus, Status } from './status.ts';
export { plain } from './log.ts';
