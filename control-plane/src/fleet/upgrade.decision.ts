/** May this upgrade go on to admission? What can be said from its head alone; pure. */
import { SUBPROTOCOL } from '@casare/shared/protocol';

/** The only path of the tunnel listener. */
export const TUNNEL_PATH = '/tunnel';
/** More header lines than any agent or proxy of ours sends. */
export const HEADER_LINES = 64;

/** What is looked at. */
export interface UpgradeHead {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headerLines: number;
  readonly host: string | undefined;
  /** The name of the TLS handshake; false or empty when there was none. */
  readonly serverName: string | false | null | undefined;
  readonly protocols: string | undefined;
}

/** A status line to refuse with, or null to go on. */
export function refusalOfUpgrade(head: UpgradeHead, tunnelHosts: ReadonlySet<string>): string | null {
  if (head.headerLines > HEADER_LINES) return '431 Request Header Fields Too Large';
  if (head.method !== 'GET' || head.url !== TUNNEL_PATH) return '404 Not Found';
  const names = [hostName(head.host)];
  if (head.serverName) names.push(head.serverName.toLowerCase());
  if (!names.every((name) => tunnelHosts.has(name))) return '421 Misdirected Request';
  const offered = (head.protocols ?? '').split(',').map((protocol) => protocol.trim());
  return offered.includes(SUBPROTOCOL) ? null : '400 Bad Request';
}

/** The name in a Host header, without port and brackets; empty when it is missing or malformed. */
function hostName(host: string | undefined): string {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(host ?? '') ?? [];
  return (bracketed ?? plain ?? '').toLowerCase();
}
