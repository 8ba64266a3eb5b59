/** The agent's end of the tunnel. */
export { sayLeave } from './leave.ts';
export { probeUpgrade } from './probe-upgrade.ts';
export { Tunnel } from './tunnel.ts';
export type { TunnelOptions } from './tunnel.ts';
export type { TunnelState } from './tunnel.lifecycle.ts';
export type { DialHold, Greeting, Message, TrustMessage, Standing, TunnelDetail, TunnelPort, Verdict } from './link.ts';
