/** The wiring of trust: plain objects first, then Nest's view of them. */
import { createLocalSigner, createRateLimit } from '@casare/certs';
import type { DynamicModule } from '@nestjs/common';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { Admission } from './admission.service.ts';
import { AgentLeaves } from './agent-leaves.ts';
import { Authorities } from './authorities.ts';
import { GatewayIdentity } from './gateway-identity.ts';
import { JoinTokens } from './join-tokens.service.ts';
import { JoinTokensController } from './join-tokens.controller.ts';
import { TrustChanges } from './change.ts';
import { LocksController } from './locks.controller.ts';
import { Locks, type AgentStates } from './locks.service.ts';
import { TrustViews } from './trust-view.ts';

export interface TrustOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** 32 bytes from outside the database; `masterKey(home)` of the platform. */
  readonly masterKey: Uint8Array;
  /** DNS names and addresses that agents reach the enrol and tunnel listeners by; see `gatewayHosts`. */
  readonly hosts: readonly string[];
  /** Life of agents' certificates, hours; 24 unless said otherwise. */
  readonly leafHours?: number;
  /** `agentStates` of the fleet; without it no agent can be locked. */
  readonly agents?: AgentStates;
  /** Wakes readers of live events after a change. */
  readonly live?: { wake(): void };
}

/** The feature, put together. */
export interface Trust {
  readonly authorities: Authorities;
  readonly leaves: AgentLeaves;
  readonly gateway: GatewayIdentity;
  readonly joinTokens: JoinTokens;
  readonly admission: Admission;
  readonly locks: Locks;
  /** What this process has loaded of trust. */
  readonly views: TrustViews;
  /** Makes missing CAs and the gateway's certificate. @throws Fault CA_KEY_UNUSABLE, CA_NOT_MADE, GATEWAY_NOT_CERTIFIED */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** In the host part of every agent's name. Ours alone: nothing resolves it. */
const TRUST_DOMAIN = 'casare.internal';
/** What one CA signs: a fleet of 10,000 renews about 14 a minute, a rollout enrols in bursts. */
const SIGNATURES = { perMinute: 600, burst: 2_000 } as const;

/** How often locks that have expired are ended, milliseconds. */
const LOCKS_MS = 1_000;
const NO_AGENTS: AgentStates = {
  hold: () => Promise.resolve(null),
  lock: () => Promise.resolve(false),
  unlock: () => Promise.resolve(false),
};

/** Puts the feature together; nothing is read or written before `start`. */
export function createTrust(options: TrustOptions): Trust {
  const { db, clock, hosts, log, masterKey, leafHours, agents = NO_AGENTS } = options;
  const now = () => clock.now();
  const rateLimit = createRateLimit({ ...SIGNATURES, now });
  const signer = createLocalSigner({ masterKey, trustDomain: TRUST_DOMAIN, gatewayHosts: hosts, rateLimit, now });
  const authorities = new Authorities({ ...options, signer });
  const gateway = new GatewayIdentity({ ...options, signer, authorities });
  const views = new TrustViews(options);
  const changed = () => {
    views.changed();
    options.live?.wake();
  };
  const changes = new TrustChanges({ db, onChanged: changed });
  const locks = new Locks({ ...options, changes, agents });
  const loops: Loop[] = [];
  return {
    authorities,
    gateway,
    leaves: new AgentLeaves({ signer, ...(leafHours === undefined ? {} : { lifetimeHours: leafHours }) }),
    joinTokens: new JoinTokens(db, clock, authorities),
    admission: new Admission(db, clock, TRUST_DOMAIN, () => views.current.presentedCa),
    locks,
    views,
    async start() {
      await authorities.start();
      await gateway.start();
      await views.start();
      const expire = async () => void (await locks.expire());
      loops.push(startLoop({ name: 'locks that expire', intervalMs: LOCKS_MS, log, run: expire }));
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await views.stop();
      await gateway.stop();
    },
  };
}

/** Nest's view: the controller and the service it asks for. */
export function trustModule(trust: Trust): DynamicModule {
  return {
    module: class TrustModule {},
    controllers: [JoinTokensController, LocksController],
    providers: [
      { provide: JoinTokens, useValue: trust.joinTokens },
      { provide: Locks, useValue: trust.locks },
    ],
  };
}
