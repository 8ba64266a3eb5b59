/** On one port: whose connection is this? From what the client asked for in its ClientHello alone; pure. */

/** The services of a control plane. */
export type Service = 'web' | 'enrol' | 'tunnel';

/** What the client asked for; see `ClientHello`. */
export interface Wanted {
  readonly serverName: string | null;
  readonly protocols: readonly string[];
}

const SERVICES: readonly Service[] = ['web', 'enrol', 'tunnel'];

/**
 * The service to hand the connection to, or null to refuse it. The name decides when it is the public host of exactly
 * one service. Where services share it, or it is nobody's or absent (an address, a name of a private network), the
 * protocol that agents offer decides; whoever offers none of ours is a browser. Contradictions are refused.
 */
export function serviceOf(
  { serverName, protocols }: Wanted,
  hosts: Readonly<Record<Service, string>>,
  named: Readonly<Record<string, Service>>,
): Service | null {
  const namesakes = SERVICES.filter((service) => hosts[service] === serverName);
  const candidates = namesakes.length === 0 ? SERVICES : namesakes;
  const meant = new Set(protocols.flatMap((protocol) => (Object.hasOwn(named, protocol) ? [named[protocol]!] : [])));
  const [only, second] = [...meant];
  if (second !== undefined) return null;
  if (only !== undefined) return candidates.includes(only) ? only : null;
  if (candidates.length === 1) return candidates[0]!;
  return candidates.includes('web') ? 'web' : null;
}
