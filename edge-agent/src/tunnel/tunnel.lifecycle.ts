/**
 * The agent's side of a tunnel, as a table. `waiting` is the pause before the next dial; `greeting` has sent hello
 * and waits for welcome; only `live` and `draining` carry runs.
 */
import type { Table } from '@casare/shared/lifecycle';

export type TunnelState = 'idle' | 'connecting' | 'greeting' | 'live' | 'draining' | 'waiting' | 'stopped';
export type TunnelEvent = 'dial' | 'opened' | 'welcomed' | 'goaway' | 'lost' | 'stop';

export const TUNNEL: Table<TunnelState, TunnelEvent> = {
  idle: { dial: 'connecting', stop: 'stopped' },
  connecting: { opened: 'greeting', lost: 'waiting', stop: 'stopped' },
  greeting: { welcomed: 'live', lost: 'waiting', stop: 'stopped' },
  live: { goaway: 'draining', lost: 'waiting', stop: 'stopped' },
  draining: { lost: 'waiting', stop: 'stopped' },
  waiting: { dial: 'connecting', stop: 'stopped' },
  stopped: {},
};
