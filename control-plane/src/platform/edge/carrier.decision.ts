/** May this upgrade on the web's listener become a carrier? From its head alone; pure. */
import { CARRIER_PATHS, CARRIER_SUBPROTOCOL, type CarrierKind } from '@casare/shared/protocol';

/** More header lines than any agent and any balancer send. */
const HEADER_LINES = 100;

/** What is looked at. */
export interface CarrierHead {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headerLines: number;
  readonly protocols: string | undefined;
  readonly origin: string | undefined;
}

/** The kind of carrier that a path asks for. */
export function carrierKindOf(url: string | undefined): CarrierKind | null {
  if (url === CARRIER_PATHS.tunnel) return 'tunnel';
  return url === CARRIER_PATHS.enrol ? 'enrol' : null;
}

/** What it carries, or a status line to refuse with. */
export function carrierOf(head: CarrierHead): CarrierKind | { readonly refused: string } {
  if (head.headerLines > HEADER_LINES) return { refused: '431 Request Header Fields Too Large' };
  const kind = carrierKindOf(head.url);
  if (kind === null || head.method !== 'GET') return { refused: '404 Not Found' };
  // Agents are no pages: somebody's browser shall not be made to hold carriers.
  if (head.origin !== undefined) return { refused: '403 Forbidden' };
  const offered = (head.protocols ?? '').split(',').map((protocol) => protocol.trim());
  return offered.includes(CARRIER_SUBPROTOCOL) ? kind : { refused: '400 Bad Request' };
}
