/** Workers that run under another user than the agent. */
export { runWorkerHost } from './host.ts';
export { HostedWorkers } from './hosted-workers.ts';
export { type Place, placeOf } from './place.ts';
export { sessionCapabilities, sessionText } from './session.decision.ts';
