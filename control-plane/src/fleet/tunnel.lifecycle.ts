/**
 * A tunnel session's states as data (design section 5): accepted -> tls -> admitted -> hello -> live -> draining ->
 * closed; any -> closed. Up to `admitted` the listener drives it, from there on the session.
 */
import type { Table } from '@casare/shared/lifecycle';

export type TunnelState = 'accepted' | 'tls' | 'admitted' | 'hello' | 'live' | 'draining' | 'closed';
export type TunnelEvent = 'secure' | 'admit' | 'greet' | 'welcome' | 'drain' | 'close';

export const TUNNEL: Table<TunnelState, TunnelEvent> = {
  accepted: { secure: 'tls', close: 'closed' },
  tls: { admit: 'admitted', close: 'closed' },
  admitted: { greet: 'hello', close: 'closed' },
  hello: { welcome: 'live', close: 'closed' },
  live: { drain: 'draining', close: 'closed' },
  draining: { close: 'closed' },
  closed: {},
};
