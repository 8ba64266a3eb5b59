/** The wiring of the fleet: plain objects first, then Nest's view of them. */
import { DEAD_MS, LEASE_MS, PING_MS, SERVER_FRAME_BYTES } from '@casare/shared/protocol';
import type { DynamicModule } from '@nestjs/common';
import type { RequestListener } from 'node:http';
import type { Jobs } from '../jobs/index.ts';
import type { LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Entrance } from '../platform/edge/entrances.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import type { Loop } from '../platform/loop.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Presenter, Trust } from '../trust/index.ts';
import { AddressLimit } from './address-limit.ts';
import { measureAgents } from './agent-metrics.ts';
import { AgentsController } from './agents.controller.ts';
import { AgentsService } from './agents.service.ts';
import { EnrolNonces } from './enrol-nonces.ts';
import { Draining } from './draining.ts';
import { EphemeralAgents } from './ephemeral-agents.ts';
import { EnrolRenewalService } from './enrol-renewal.service.ts';
import { EnrolServer } from './enrol-server.ts';
import { EnrolmentController } from './enrolment.controller.ts';
import { EnrolmentService, type EnrolmentOptions } from './enrolment.service.ts';
import { GatewayBeat } from './gateway-beat.ts';
import { GatewayTrust } from './gateway-trust.ts';
import type { SessionLimits } from './session-context.ts';
import { SecondHolders } from './second-holders.ts';
import { TunnelServer, type TunnelBounds } from './tunnel-server.ts';
import { TunnelSessions } from './tunnel-sessions.ts';
import { TunnelAdapter } from './tunnel.adapter.ts';
import { TunnelGateway } from './tunnel.gateway.ts';
import { TUNNEL_PATH } from './upgrade.decision.ts';

export interface FleetOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly live: LiveService;
  readonly trust: Trust;
  readonly jobs: Pick<Jobs, 'runs' | 'artifacts' | 'dispatcher'>;
  /** Of the enrol listener's nonces: 32 bytes, shared by all replicas; see `enrolNonceKey`. */
  readonly nonceKey: Uint8Array;
  /** Hosts of the tunnel listener; see `gatewayHosts`. */
  readonly hosts: readonly string[];
  /** The tunnel's public address, `wss://host:port`, asked for at each enrolment. */
  readonly tunnelUrl: () => string;
  /** Whether a tenant takes another agent; absent: always. */
  readonly mayJoin?: EnrolmentOptions['mayJoin'];
  /** Whether a tenant approves one that has joined; absent: always. */
  readonly mayApprove?: EnrolmentOptions['mayJoin'];
  readonly metrics?: Metrics;
  readonly limits?: Partial<SessionLimits>;
  readonly bounds?: Partial<TunnelBounds>;
}

/** Where agents come in. */
export interface FleetEntrances {
  readonly enrol: Entrance;
  readonly tunnel: Entrance;
}

/** The feature, put together. */
export interface Fleet {
  readonly agents: AgentsService;
  readonly enrolment: EnrolmentService;
  readonly renewal: EnrolRenewalService;
  readonly draining: Draining;
  readonly ephemeral: EphemeralAgents;
  readonly sessions: TunnelSessions;
  readonly tunnel: TunnelServer;
  /** For `createHttpApp`: Nest serves the tunnel's gateway through it. */
  readonly adapter: TunnelAdapter;
  /** Opens the listeners, after `trust.start` and `jobs.start`. `enrol` answers the enrol listener's requests. */
  start(enrol: RequestListener, at: FleetEntrances): Promise<{ readonly enrol: number; readonly tunnel: number }>;
  /** Sends the agents away and closes the listeners, before `jobs.stop`. At most about six seconds. */
  stop(): Promise<void>;
}

const LIMITS: SessionLimits = {
  helloMs: 10_000,
  leaveMs: 5_000,
  pingMs: PING_MS,
  deadMs: DEAD_MS,
  leaseMs: LEASE_MS,
  frameBytes: SERVER_FRAME_BYTES,
};
const BOUNDS: TunnelBounds = { sessions: 12_000, perAgent: 4, handshakes: 1_000 };
/** A rollout comes from one address, behind the customer's NAT: two requests for each agent. */
const ENROL_LIMIT = { burst: 600, perMinute: 600 } as const;

/** Requests for certificates by one agent; each replica counts for itself. */
const RENEWAL_LIMIT = { burst: 20, perMinute: 30 } as const;
/** Fenced writes of one agent that go into the audit log. */
const FENCE_LIMIT = { burst: 10, perMinute: 2 } as const;

/** Puts the feature together; nothing listens before `start`. */
export function createFleet(options: FleetOptions): Fleet {
  const { clock, log, trust, jobs, nonceKey, hosts } = options;
  const beat = new GatewayBeat({ ...options, onLost: () => sessions.dropAll() });
  const onChanged = (agentId: string) => sessions.changed(agentId);
  const secondHolders = new SecondHolders({ ...options, onChanged });
  const sessions = new TunnelSessions({
    ...{ ...options, ...jobs, beat, secondHolders, renewals: trust.renewals },
    limits: { ...LIMITS, ...options.limits },
    renewalLimit: new AddressLimit({ clock, ...RENEWAL_LIMIT }),
    fenceLimit: new AddressLimit({ clock, ...FENCE_LIMIT }),
    leave: (peer) => agents.leave(peer),
    arrived: (socket) => tunnel.arrived(socket),
  });
  const bounds = { ...BOUNDS, ...options.bounds };
  const onCloned = (who: Presenter) => secondHolders.cloned(who);
  const blind = options.metrics?.counter(
    'casare_tunnels_refused_stale_total',
    'Tunnels refused because this replica did not know what is locked (LOCK_FEED_STALE).',
  );
  options.metrics?.gauge(
    'casare_lock_feed_age_seconds',
    'Since this replica last learned what is locked. Above 30 it refuses new tunnels.',
    [],
    (gauge) => gauge.set(sessions.watch.ageMs / 1_000),
  );
  const tunnel = new TunnelServer({
    ...{ admission: trust.admission, log, hosts, bounds, onCloned },
    isBlind: () => sessions.watch.isStale,
    onBlind: () => blind?.inc(),
  });
  tunnel.countBy(sessions);
  const enrolServer = new EnrolServer();
  const door = {
    ...options,
    nonces: new EnrolNonces(nonceKey, clock),
    limit: new AddressLimit({ clock, ...ENROL_LIMIT }),
    tunnelUrl: () => withPath(options.tunnelUrl()),
    mayJoin: options.mayJoin ?? (() => Promise.resolve(null)),
  };
  const { mayApprove = () => Promise.resolve(null) } = options;
  const agents = new AgentsService({ ...options, leaves: trust.leaves, locks: trust.locks, mayApprove, onChanged });
  const draining = new Draining(options);
  const ephemeral = new EphemeralAgents({ ...options, leaves: trust.leaves });
  const gatewayTrust = new GatewayTrust({
    ...{ trust, beat, log },
    take(tls) {
      tunnel.renew(tls.tunnel);
      enrolServer.renew(tls.enrol);
    },
  });
  let counting: Loop | null = null;
  return {
    agents,
    enrolment: new EnrolmentService(door),
    renewal: new EnrolRenewalService({ ...door, onCloned }),
    draining,
    ephemeral,
    sessions,
    tunnel,
    adapter: new TunnelAdapter(tunnel),
    async start(enrol, entrances) {
      await beat.start();
      await sessions.start();
      draining.start();
      ephemeral.start();
      const tls = gatewayTrust.tls();
      const ports = {
        enrol: await enrolServer.listen(tls.enrol, enrol, entrances.enrol),
        tunnel: await tunnel.listen(tls.tunnel, entrances.tunnel),
      };
      gatewayTrust.start();
      if (options.metrics) counting = measureAgents(options.db, log, options.metrics);
      return ports;
    },
    async stop() {
      await counting?.stop();
      await gatewayTrust.stop();
      await draining.stop();
      await ephemeral.stop();
      tunnel.leave();
      await Promise.all([enrolServer.close(), sessions.stop()]);
      await tunnel.close();
      await beat.stop();
    },
  };
}

/** Nest's view: controllers, the gateway and the services they ask for. */
export function fleetModule(fleet: Fleet): DynamicModule {
  return {
    module: class FleetModule {},
    controllers: [AgentsController, EnrolmentController],
    providers: [
      { provide: AgentsService, useValue: fleet.agents },
      { provide: EnrolmentService, useValue: fleet.enrolment },
      { provide: EnrolRenewalService, useValue: fleet.renewal },
      { provide: TunnelSessions, useValue: fleet.sessions },
      TunnelGateway,
    ],
  };
}

/** The address that agents dial: with the tunnel's path unless the configured URL has one. */
function withPath(url: string): string {
  const dialled = new URL(url);
  if (dialled.pathname === '/') dialled.pathname = TUNNEL_PATH;
  return dialled.href;
}
