/** The addresses that others reach the three services by: configured, or made of host and port. */
import type { Config } from './config.ts';
import type { Service } from './edge/services.decision.ts';

/** Without a trailing slash. */
export interface PublicUrls {
  readonly web: string;
  readonly enrol: string;
  readonly tunnel: string;
}

/** The ports that the services listen on. */
export interface Ports {
  readonly web: number;
  readonly enrol: number;
  readonly tunnel: number;
}

export function publicUrls(config: Config, ports: Ports): PublicUrls {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const at = (scheme: string, port: number) => `${scheme}://${host}${port === 443 ? '' : `:${port}`}`;
  const { web, enrol, tunnel } = config;
  return {
    web: web.publicUrl ?? (config.webTls === null ? `http://${host}:${ports.web}` : at('https', ports.web)),
    enrol: enrol.publicUrl ?? at('https', ports.enrol),
    tunnel: tunnel.publicUrl ?? at('wss', ports.tunnel),
  };
}

/** The public host of each service, lower case, without brackets. */
export function publicHosts(urls: PublicUrls): Record<Service, string> {
  const hostOf = (url: string) => new URL(url).hostname.replace(/^\[|\]$/g, '');
  return { web: hostOf(urls.web), enrol: hostOf(urls.enrol), tunnel: hostOf(urls.tunnel) };
}

/** Public hosts that belong to other services and not to this one. */
export function foreignHosts(hosts: Readonly<Record<Service, string>>, service: Service): ReadonlySet<string> {
  return new Set(Object.values(hosts).filter((host) => host !== hosts[service]));
}
