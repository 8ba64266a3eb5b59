/** The ways in that the configuration asks for: a port for each service, or one for all; carriers beside the agents'. */
import { ENROL_ALPN, TUNNEL_ALPN } from '@casare/certs';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import { publicHosts, type Ports, type PublicUrls } from '../public-urls.ts';
import { Carriers } from './carriers.ts';
import { onePort, ownPort, type Entrance } from './entrances.ts';
import type { Service } from './services.decision.ts';

export interface Entrances extends Readonly<Record<Service, Entrance>> {
  /** For the web's listener. */
  readonly carriers: Carriers;
}

/** Nothing listens before a server opens its entrance. */
export function entrancesOf(config: Config, ports: Ports, urls: PublicUrls, log: Log): Entrances {
  const carriers = new Carriers(log);
  const { web, enrol, tunnel } = plainEntrances(config, ports, urls, log);
  return { carriers, web, enrol: carriers.beside(enrol, 'enrol'), tunnel: carriers.beside(tunnel, 'tunnel') };
}

function plainEntrances(config: Config, ports: Ports, urls: PublicUrls, log: Log): Record<Service, Entrance> {
  const { host, proxySources: sources } = config;
  if (config.onePort !== null) {
    const at = { host, port: ports.web, variable: 'CASARE_PORT' };
    const protocols = { [TUNNEL_ALPN]: 'tunnel', [ENROL_ALPN]: 'enrol' } as const;
    return onePort(at, { log, sources, protocols, hosts: publicHosts(urls), plainWeb: config.webTls === null });
  }
  const own = (port: number, variable: string) => ownPort({ host, port, variable }, { log, sources });
  return {
    web: own(ports.web, 'CASARE_WEB_PORT'),
    enrol: own(ports.enrol, 'CASARE_ENROL_PORT'),
    tunnel: own(ports.tunnel, 'CASARE_TUNNEL_PORT'),
  };
}
