/** Single steps of a way out, tried one by one for `doctor`. Nothing is sent to anybody but what a dial sends. */
import { throughProxy } from './connect-proxy.ts';
import { connectFault } from './faults.ts';
import type { Network } from './network.ts';
import { certificatesOf, outerTls } from './outer-tls.ts';
import type { Way } from './settings.ts';
import { connectTcp } from './sockets.ts';
import { authorityOf, hostOf, portOf } from './target.ts';

const PROBE_MS = 10_000;

/** The way in words, after what its settings name was read. Throws when something of it cannot be used. */
export function probeSettings(network: Network, target: URL): string {
  const way = network.wayTo(target);
  way.proxy?.authorization();
  const own = way.caFile === null ? '' : `, ${certificatesOf(way.caFile).length} certificates of ${way.caFile}`;
  return `${wayText(way)}${own}${way.systemCa ? ', the system store' : ''}`;
}

/** The way in words. */
export function wayText({ proxy, carrier }: Way): string {
  const inside = carrier === null ? [] : [`in a WebSocket of ${authorityOf(carrier)}`];
  const through = proxy === null ? [] : [`through the proxy ${authorityOf(proxy.url)} (from ${proxy.from})`];
  return [...inside, ...through].join(' ') || 'direct';
}

/** The host that is dialled first, and whose name must be known here. */
export function firstHost(network: Network, target: URL): string {
  return hostOf(firstHop(network.wayTo(target), target));
}

/** Connects to it. Throws UNREACHABLE, or what keeps the proxy from being reached. */
export async function probeTcp(network: Network, target: URL): Promise<string> {
  const hop = firstHop(network.wayTo(target), target);
  try {
    (await connectTcp(hostOf(hop), portOf(hop), AbortSignal.timeout(PROBE_MS))).destroy();
    return `${authorityOf(hop)} takes connections`;
  } catch (error) {
    throw connectFault(hop, error);
  }
}

/** Asks the proxy for a connection; null when there is none. */
export async function probeProxy(network: Network, target: URL): Promise<string | null> {
  const { proxy, carrier, caFile, systemCa } = network.wayTo(target);
  if (proxy === null) return null;
  const tls = () => outerTls(hostOf(proxy.url), caFile, systemCa);
  const socket = await throughProxy(proxy, carrier ?? target, tls, AbortSignal.timeout(PROBE_MS));
  socket.destroy();
  return `${authorityOf(proxy.url)} lets this agent through to ${authorityOf(carrier ?? target)}`;
}

function firstHop(way: Way, target: URL): URL {
  return way.proxy?.url ?? way.carrier ?? target;
}
