/** The fleet: enrolment, agents, and the tunnels they hold. */
export { agentsAway } from './away.store.ts';
export { agentStates } from './agent-states.ts';
export { findAgentIds } from './agent.store.ts';
export { agentCounts, agentFitness } from './fitness.ts';
export { createFleet, fleetModule, type Fleet, type FleetEntrances, type FleetOptions } from './fleet.module.ts';
export { HEARTBEAT_MS } from './gateway-beat.ts';
