/** The options that say how an agent gets out of its network, for `enrol`, `run --ephemeral` and `network set`. */
import type { Command } from 'commander';
import { type AgentHome, makeHome } from '../identity/index.ts';

export interface NetworkFlags {
  readonly proxy?: string;
  readonly proxyAuthFile?: string;
  readonly bypass?: string;
  readonly caFile?: string;
  readonly systemCa?: boolean;
  readonly carrier?: string;
}

export function withNetworkOptions(command: Command): Command {
  return command
    .option('--proxy <url>', 'HTTP CONNECT proxy, http://host:port; none: not even HTTPS_PROXY')
    .option('--proxy-auth-file <file>', 'private file with user:password for the proxy (or $CASARE_PROXY_AUTH)')
    .option('--bypass <hosts>', 'hosts, domains and networks that are reached without the proxy, by commas')
    .option('--ca-file <file>', 'PEM file with a CA of your company, for proxies over TLS and carriers')
    .option('--system-ca', 'trust the store of the operating system for these too')
    .option('--carrier <url>', 'web address of the control plane, wss://host: go inside a WebSocket of it');
}

/** Keeps what the options say; without any, nothing is written. Throws USAGE. */
export function keepNetwork(home: AgentHome, flags: NetworkFlags): void {
  const { proxy, proxyAuthFile, bypass, caFile, systemCa, carrier } = flags;
  const noProxy = bypass?.split(',').filter((entry) => entry !== '');
  const given = Object.entries({ proxy, proxyAuthFile, noProxy, caFile, systemCa, carrier });
  const changes = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  if (Object.keys(changes).length === 0) return;
  makeHome(home);
  home.network.change(changes);
}
