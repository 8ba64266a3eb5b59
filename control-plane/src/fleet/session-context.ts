/** What a session needs of the rest of the house. */
import type { ServerMessage } from '@casare/shared/protocol';
import type { AgentRef, ArtifactsService, Dispatcher, RunsService } from '../jobs/index.ts';
import type { LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import type { GatewayBeat } from './gateway-beat.ts';
import type { TunnelSession } from './tunnel-session.ts';

/** Times in milliseconds. */
export interface SessionLimits {
  /** Until `hello` must have come. */
  readonly helloMs: number;
  readonly pingMs: number;
  readonly deadMs: number;
  readonly leaseMs: number;
  /** The largest frame we send, bytes. */
  readonly frameBytes: number;
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
  /** The session's row was opened: an older session of the agent, here or elsewhere, is over. */
  readonly opened: (session: TunnelSession) => void;
  /** The session is over; called once. */
  readonly ended: (session: TunnelSession) => void;
  /** An assignment cannot be sent: the attempt is refused. */
  readonly unsendable: (agent: AgentRef, message: Extract<ServerMessage, { type: 'job.assign' }>, code: string) => void;
}

/** Why a session must end. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}
