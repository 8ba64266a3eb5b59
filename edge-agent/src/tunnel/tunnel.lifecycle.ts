/**
 * The agent's side of a tunnel, as a table. `waiting` is the pause before the next dial; `greeting` has sent hello
 * and waits for welcome; only `live` and `draining` carry runs. A second connection that takes over is `welcomed` too;
 * when the first one ends sooner, the tunnel is where the second one is (`succeeded`).
 */
import type { Table } from '@casare/shared/lifecycle';

export type TunnelState = 'idle' | 'connecting' | 'greeting' | 'live' | 'draining' | 'waiting' | 'stopped';
export type TunnelEvent = 'dial' | 'opened' | 'welcomed' | 'goaway' | 'succeeded' | 'lost' | 'stop';

export const TUNNEL: Table<TunnelState, TunnelEvent> = {
  idle: { dial: 'connecting', stop: 'stopped' },
  connecting: { opened: 'greeting', lost: 'waiting', stop: 'stopped' },
  greeting: { welcomed: 'live', lost: 'waiting', stop: 'stopped' },
  live: { welcomed: 'live', goaway: 'draining', succeeded: 'connecting', lost: 'waiting', stop: 'stopped' },
  draining: { welcomed: 'live', succeeded: 'connecting', lost: 'waiting', stop: 'stopped' },
  waiting: { dial: 'connecting', stop: 'stopped' },
  stopped: {},
};
