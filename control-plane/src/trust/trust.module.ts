/** The wiring of trust: plain objects first, then Nest's view of them. */
import type { Signer } from '@casare/certs';
import type { DynamicModule } from '@nestjs/common';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { Admission } from './admission.service.ts';
import { AgentLeaves } from './agent-leaves.ts';
import { Authorities } from './authorities.ts';
import { GatewayIdentity } from './gateway-identity.ts';
import { JoinTokens } from './join-tokens.service.ts';
import { JoinTokensController } from './join-tokens.controller.ts';
import { Certificates } from './certificates.service.ts';
import { LocksController } from './locks.controller.ts';
import { Locks } from './locks.service.ts';
import { createOversight, type OversightOptions } from './oversight.ts';
import { TRUST_DOMAIN } from './signer.ts';
import { TrustController } from './trust.controller.ts';
import { TrustStatusService } from './trust-status.service.ts';
import { TrustViews } from './trust-view.ts';

export interface TrustOptions extends Pick<
  OversightOptions,
  'agents' | 'live' | 'metrics' | 'webEnds' | 'warningDays'
> {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** The one part that opens CA keys; see `openSigner`. */
  readonly signer: Signer;
  /** DNS names and addresses that agents reach the enrol and tunnel listeners by; see `gatewayHosts`. */
  readonly hosts: readonly string[];
  /** Life of agents' certificates, hours; 24 unless said otherwise. */
  readonly leafHours?: number;
}

/** The feature, put together. */
export interface Trust {
  readonly signer: Signer;
  readonly authorities: Authorities;
  readonly leaves: AgentLeaves;
  readonly gateway: GatewayIdentity;
  readonly joinTokens: JoinTokens;
  readonly admission: Admission;
  readonly locks: Locks;
  readonly certificates: Certificates;
  readonly status: TrustStatusService;
  /** What this process has loaded of trust. */
  readonly views: TrustViews;
  /** Makes missing CAs and the gateway's certificate. @throws Fault CA_KEY_UNUSABLE, CA_NOT_MADE, GATEWAY_NOT_CERTIFIED */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Puts the feature together; nothing is read or written before `start`. */
export function createTrust(options: TrustOptions): Trust {
  const { db, clock, signer, leafHours } = options;
  const authorities = new Authorities(options);
  const gateway = new GatewayIdentity({ ...options, authorities });
  const views = new TrustViews(options);
  const gatewayChain = () => gateway.current.chainPem;
  const oversight = createOversight({ ...options, signer, views, gatewayChain });
  return {
    signer,
    authorities,
    gateway,
    leaves: new AgentLeaves({ signer, ...(leafHours === undefined ? {} : { lifetimeHours: leafHours }) }),
    joinTokens: new JoinTokens(db, clock, authorities),
    admission: new Admission(db, clock, TRUST_DOMAIN, () => views.current.presentedCa),
    locks: oversight.locks,
    certificates: oversight.certificates,
    status: oversight.status,
    views,
    async start() {
      await authorities.start();
      await gateway.start();
      await views.start();
      oversight.start();
    },
    async stop() {
      await oversight.stop();
      await views.stop();
      await gateway.stop();
    },
  };
}

/** Nest's view: the controller and the service it asks for. */
export function trustModule(trust: Trust): DynamicModule {
  return {
    module: class TrustModule {},
    controllers: [JoinTokensController, LocksController, TrustController],
    providers: [
      { provide: JoinTokens, useValue: trust.joinTokens },
      { provide: Locks, useValue: trust.locks },
      { provide: Certificates, useValue: trust.certificates },
      { provide: TrustStatusService, useValue: trust.status },
    ],
  };
}
