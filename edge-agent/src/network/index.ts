/** The one way out: every connection of the agent to the control plane is opened here. */
export { connectFault, intercepted } from './faults.ts';
export { issuerOf } from './issuer.ts';
export { Network } from './network.ts';
