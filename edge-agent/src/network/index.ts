/** The one way out: every connection of the agent to the control plane is opened here. */
export { connectFault, intercepted } from './faults.ts';
export { Network } from './network.ts';
export { isLoopback, leavesOut } from './no-proxy.ts';
export { firstHost, probeProxy, probeSettings, probeTcp, wayText } from './probes.ts';
export { decoded, NetworkSettings } from './settings.ts';
