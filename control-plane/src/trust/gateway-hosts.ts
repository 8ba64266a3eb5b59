/** The names that a gateway goes by: what its certificate holds, and what may be asked of the tunnel listener. */
import { GatewayHost } from '@casare/certs';

/** Always served: agents on the same machine. */
const LOCAL = ['127.0.0.1', 'localhost'];

/**
 * The hosts of the given public URLs, the listening address and this machine's own names; each once, lower case. The
 * web's public host is not among them: its certificate comes from elsewhere, and agents must not find it here.
 */
export function gatewayHosts(listen: string, publicUrls: readonly string[]): string[] {
  const hosts = [...publicUrls.map(hostOf), ...LOCAL, listen.toLowerCase()];
  return [...new Set(hosts)].filter((host) => !UNSPECIFIED.has(host) && GatewayHost.safeParse(host).success);
}

/** The host of a URL, without the brackets of an IPv6 address. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

/** "Every address of this machine": no name to be reached by. */
const UNSPECIFIED = new Set(['0.0.0.0', '::']);
