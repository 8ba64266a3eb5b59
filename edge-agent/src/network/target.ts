/** Host and port of a URL, as sockets want them. */

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'wss:': 443 };

/** The host, an IPv6 address without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

export function portOf(url: URL): number {
  return url.port === '' ? (PORTS[url.protocol] ?? 443) : Number(url.port);
}

/** `host:port`, an IPv6 address with brackets. */
export function authorityOf(url: URL): string {
  return `${url.hostname}:${portOf(url)}`;
}
