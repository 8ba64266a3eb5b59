/** What people and loops do about trust besides issuing: locks, revocation, status, and the watch over what ends. */
import type { Signer } from '@casare/certs';
import type { Rotation } from '@casare/shared/api';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import type { Metrics } from '../platform/metrics.ts';
import { Certificates } from './certificates.service.ts';
import { TrustChanges } from './change.ts';
import { ExpiryWatch } from './expiry-watch.ts';
import { countAllHeld, type Viewer } from './lock.store.ts';
import { Locks, type AgentStates } from './locks.service.ts';
import { measureTrust } from './trust-metrics.ts';
import { TrustStatusService } from './trust-status.service.ts';
import type { TrustViews } from './trust-view.ts';

export interface OversightOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly signer: Signer;
  readonly views: TrustViews;
  /** The chain that this gateway presents, leaf first, PEM; null before it has one. */
  readonly gatewayChain: () => string | null;
  /** `agentStates` of the fleet; without it no agent can be locked. */
  readonly agents?: AgentStates | undefined;
  /** Wakes readers of live events after a change. */
  readonly live?: { wake(): void } | undefined;
  readonly metrics?: Metrics | undefined;
  /** When the certificate of the web listener ends; null when it is not ours to watch. */
  readonly webEnds?: (() => Date | null) | undefined;
  /** Days before the end of a CA at which to warn. */
  readonly warningDays?: readonly number[] | undefined;
  /** Rotations that are open, for the status. */
  readonly openRotations?: ((viewer: Viewer) => Promise<Rotation[]>) | undefined;
}

/** The parts, put together. */
export interface Oversight {
  readonly changes: TrustChanges;
  readonly locks: Locks;
  readonly certificates: Certificates;
  readonly expiry: ExpiryWatch;
  readonly status: TrustStatusService;
  start(): void;
  stop(): Promise<void>;
}

/** How often locks that have expired are ended, milliseconds. */
const LOCKS_MS = 1_000;
/** How often what ends is looked at, milliseconds. */
const EXPIRY_MS = 60_000;
const NO_AGENTS: AgentStates = {
  hold: () => Promise.resolve(null),
  lock: () => Promise.resolve(false),
  unlock: () => Promise.resolve(false),
};

export function createOversight(options: OversightOptions): Oversight {
  const { db, clock, log, signer, views, live, metrics } = options;
  const onChanged = () => {
    views.changed();
    live?.wake();
  };
  const changes = new TrustChanges({ db, onChanged });
  const locks = new Locks({ ...options, changes, agents: options.agents ?? NO_AGENTS });
  const certificates = new Certificates({ db, clock, changes });
  const expiry = new ExpiryWatch({ ...options, onWarned: () => live?.wake() });
  const openRotations = options.openRotations ?? (() => Promise.resolve([]));
  const status = new TrustStatusService({ ...options, expiry, openRotations, signerDown: () => probe(signer) });
  const loops: Loop[] = [];
  let held = 0;
  let rev: number | null = null;
  let stopFollowing = () => {};
  const follow = async (loaded: number): Promise<void> => {
    held = await countAllHeld(db);
    rev = loaded;
  };
  if (metrics) measureTrust(metrics, { clock, expiry, rev: () => rev, locks: () => held });
  const expire = async () => void (await locks.expire());
  return {
    ...{ changes, locks, certificates, expiry, status },
    start() {
      stopFollowing = views.onChanged((view) => follow(view.rev));
      follow(views.current.rev).catch((error: unknown) => log.warn('locks could not be counted', { error }));
      loops.push(
        startLoop({ name: 'locks that expire', intervalMs: LOCKS_MS, log, run: expire }),
        startLoop({ name: 'what expires', intervalMs: EXPIRY_MS, log, run: () => expiry.look() }),
      );
    },
    async stop() {
      stopFollowing();
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}

/** Why the signer is down, or null. */
async function probe(signer: Signer): Promise<string | null> {
  const pong = await signer.ping();
  return pong.ok ? null : `${pong.message} (${pong.code})`;
}
