/** The addresses that others reach the three services by: configured, or made of host and port. */
import type { Config } from './config.ts';

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
  return {
    web: config.web.publicUrl ?? `http://${host}:${ports.web}`,
    enrol: config.enrol.publicUrl ?? `https://${host}:${ports.enrol}`,
    tunnel: config.tunnel.publicUrl ?? `wss://${host}:${ports.tunnel}`,
  };
}
