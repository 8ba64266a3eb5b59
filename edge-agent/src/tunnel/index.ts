/** The agent's end of the tunnel. */
export { Tunnel } from './tunnel.ts';
export type { TunnelOptions } from './tunnel.ts';
export type { TunnelState } from './tunnel.lifecycle.ts';
export type { Greeting, Message, TrustMessage, TunnelPort, Verdict } from './link.ts';
