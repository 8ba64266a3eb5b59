/** What a session needs of the rest of the house. */
import type { AgentState } from '@casare/shared/api';
import type { ServerMessage } from '@casare/shared/protocol';
import type { WebSocket } from 'ws';
import type { AgentRef, ArtifactsService, Dispatcher, RunsService } from '../jobs/index.ts';
import type { LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import type { Greeter } from './agent.store.ts';
import type { GatewayBeat } from './gateway-beat.ts';
import type { AdmittedPeer, Renewals } from '../trust/index.ts';
import type { AddressLimit } from './address-limit.ts';
import type { SecondHolders } from './second-holders.ts';
import type { TunnelState } from './tunnel.lifecycle.ts';
import type { FromAgent } from './wire.ts';

/** Times in milliseconds. */
export interface SessionLimits {
  /** Until `hello` must have come. */
  readonly helloMs: number;
  /** How long another session of an agent that leaves for good may take to end. */
  readonly leaveMs: number;
  readonly pingMs: number;
  readonly deadMs: number;
  readonly leaseMs: number;
  /** The largest frame we send, bytes. */
  readonly frameBytes: number;
}

/** A session as the rest of the fleet sees it. */
export interface Session {
  readonly id: string;
  /** Who it is, by its certificate. */
  readonly peer: AdmittedPeer;
  readonly state: TunnelState;
  /** True since `hello` came: the session may have a row. */
  readonly greeted: boolean;
  /** The agent process, as `hello` said. */
  readonly instance: string | null;
  /** Digest of the bundle that the agent said it holds. */
  readonly bundle: string | null;
  /** Sends a message; dropped when the session is over. */
  send(message: ServerMessage): void;
  /** Asks the agent to reconnect elsewhere within `withinMs`; it is served until it goes. */
  goAway(withinMs: number, reason: string): void;
  /** Stops listening to it and talking to it; the socket stays, for `answersNow`. */
  mute(): void;
  /** True when its process answers a ping that is sent now. */
  answersNow(): Promise<boolean>;
  /** The agent has acknowledged a bundle, and that is on record. */
  holds(bundle: string): void;
  /** How its agent stands now: told with the next pong, when it is news. */
  stands(state: AgentState): void;
  /** Ends the session when a time is up; to be called several times a second. Now, on both clocks, milliseconds. */
  tick(monotonicMs: number, epochMs: number): void;
  /** Ends the session. */
  close(code: number, reason: string): void;
  /** Resolves when nothing of this session is under way with the database. */
  settled(): Promise<void>;
  /** How much longer the agent may believe in its leases, milliseconds; 0 for one that was never welcomed. */
  remainingLeaseMs(): number;
}

export interface SessionContext {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly live: LiveService;
  readonly runs: RunsService;
  readonly artifacts: Pick<ArtifactsService, 'open'>;
  readonly dispatcher: Dispatcher;
  readonly beat: GatewayBeat;
  readonly limits: SessionLimits;
  readonly renewals: Pick<Renewals, 'renew'>;
  readonly secondHolders: SecondHolders;
  /** Requests for certificates, by agent. */
  readonly renewalLimit: AddressLimit;
  /** Fenced writes that go on record, by agent. */
  readonly fenceLimit: AddressLimit;
  /** Puts a greeting on record. */
  readonly greetings: (greeting: Greeting) => Promise<Opened>;
  /** Decommissions the agent of a session at its own word; how the session ends then. */
  readonly leave: (session: Session) => Promise<Ending>;
  /** The session's row was opened: an older session of the agent, here or (`elsewhere`) on another gateway, is over. */
  readonly opened: (session: Session, elsewhere: boolean) => void;
  /** The agent behind this socket was welcomed. */
  readonly arrived: (socket: WebSocket) => void;
  /** The session is over; called once. */
  readonly ended: (session: Session) => void;
  /** The agent's row was changed here: the watch looks at it at once. */
  readonly changed: (agentId: string) => void;
  /** An assignment cannot be sent: the attempt is refused. */
  readonly unsendable: (agent: AgentRef, message: Extract<ServerMessage, { type: 'job.assign' }>, code: string) => void;
}

/** A `hello` and where it came from. */
export interface Greeting {
  readonly session: Session;
  readonly hello: FromAgent<'hello'>;
  /** `alive`: it has answered a ping, and may replace the session of another process of the agent. */
  readonly known: 'alone' | 'alive';
}

/**
 * What became of a greeting; `elsewhere` when another gateway held the agent's session, `contested` when another process
 * of the agent holds it and this one is not known to live.
 */
export type Opened =
  { readonly standing: Greeter; readonly elsewhere: boolean } | { readonly refused: Ending } | 'contested';

/** Why a session must end. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}
