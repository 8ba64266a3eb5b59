/** The wiring of trust: plain objects first, then Nest's view of them. */
import type { Signer } from '@casare/certs';
import type { DynamicModule } from '@nestjs/common';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { Adoptions } from './adoptions.ts';
import { Admission } from './admission.service.ts';
import { AgentLeaves } from './agent-leaves.ts';
import { AuthoritiesController } from './authorities.controller.ts';
import { Authorities } from './authorities.ts';
import { AuthorityRequests } from './authority-requests.service.ts';
import { GatewayIdentity } from './gateway-identity.ts';
import { JoinTokens } from './join-tokens.service.ts';
import { JoinTokensController } from './join-tokens.controller.ts';
import { Certificates } from './certificates.service.ts';
import { LocksController } from './locks.controller.ts';
import { Locks } from './locks.service.ts';
import type { TrustChanges } from './change.ts';
import { createOversight, type OversightOptions } from './oversight.ts';
import { RootKeys } from './root-keys.service.ts';
import { RotationMaterial } from './rotation-material.ts';
import { RotationWrites, type AtWrite } from './rotation-writes.ts';
import { RotationsController } from './rotations.controller.ts';
import { Rotations } from './rotations.service.ts';
import { TRUST_DOMAIN } from './signer.ts';
import { TrustController } from './trust.controller.ts';
import { TrustStatusService } from './trust-status.service.ts';
import { RenewalsAfterExpiry } from './renewals-after-expiry.ts';
import { Renewals } from './renewals.ts';
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
  /** Life of agents' certificates, seconds; 24 hours unless said otherwise. */
  readonly leafSeconds?: number;
  /** How often rotations that go by themselves look at their gates, milliseconds; 2 s unless said otherwise. */
  readonly rotationsMs?: number;
  /** For tests, which end the process at each write of a rotation. */
  readonly atWrite?: AtWrite;
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
  /** For whoever changes how a tenant stands, which is trust too: gateways hear of it. */
  readonly changes: TrustChanges;
  readonly requests: AuthorityRequests;
  /** For a person on the server itself; no endpoint leads here. */
  readonly rootKeys: RootKeys;
  readonly certificates: Certificates;
  readonly status: TrustStatusService;
  readonly rotations: Rotations;
  readonly renewals: Renewals;
  readonly renewalsAfterExpiry: RenewalsAfterExpiry;
  /** What this process has loaded of trust. */
  readonly views: TrustViews;
  /** Makes missing CAs and the gateway's certificate. @throws Fault CA_KEY_UNUSABLE, CA_NOT_MADE, GATEWAY_NOT_CERTIFIED */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const ROTATIONS_MS = 2_000;

const LEAF_SECONDS = 86_400;

/** Puts the feature together; nothing is read or written before `start`. */
export function createTrust(options: TrustOptions): Trust {
  const { db, clock, log, signer, leafSeconds = LEAF_SECONDS, rotationsMs = ROTATIONS_MS } = options;
  const authorities = new Authorities(options);
  const views = new TrustViews(options);
  const writes = new RotationWrites(db, options.atWrite);
  const gateway = new GatewayIdentity({ ...options, authorities, views, writes });
  const gatewayChain = () => gateway.chainPem;
  const onChanged = () => {
    views.changed();
    options.live?.wake();
  };
  const material = new RotationMaterial({ ...options, authorities, writes });
  const rotations = new Rotations({ ...options, authorities, material, writes, onChanged });
  const openRotations = ({ tenant }: { readonly tenant: string }) => rotations.listOpen(tenant);
  const oversight = createOversight({ ...options, signer, views, gatewayChain, openRotations });
  const changing = { ...options, changes: oversight.changes };
  let loop: Loop | null = null;
  const leaves = new AgentLeaves({ signer, lifetimeSeconds: leafSeconds });
  const renewals = new Renewals({ ...options, authorities, leaves, leafSeconds });
  const adoptions = new Adoptions({ db, clock, leafSeconds });
  const gatewayCa = () => views.current.presentedCa;
  return {
    signer,
    authorities,
    gateway,
    leaves,
    renewals,
    renewalsAfterExpiry: new RenewalsAfterExpiry({ db, clock, trustDomain: TRUST_DOMAIN, renewals }),
    joinTokens: new JoinTokens(db, clock, authorities),
    admission: new Admission({ db, clock, trustDomain: TRUST_DOMAIN, gatewayCa, renewals, adoptions }),
    locks: oversight.locks,
    changes: oversight.changes,
    requests: new AuthorityRequests(changing),
    rootKeys: new RootKeys(changing),
    certificates: oversight.certificates,
    status: oversight.status,
    rotations,
    views,
    async start() {
      await authorities.start();
      await views.start();
      views.onChanged(() => authorities.closeOffline());
      await gateway.start();
      oversight.start();
      loop = startLoop({ name: 'rotations', intervalMs: rotationsMs, log, run: () => rotations.turn() });
    },
    async stop() {
      await loop?.stop();
      await oversight.stop();
      await gateway.stop();
      await views.stop();
    },
  };
}

/** Nest's view: the controller and the service it asks for. */
export function trustModule(trust: Trust): DynamicModule {
  return {
    module: class TrustModule {},
    controllers: [JoinTokensController, LocksController, RotationsController, TrustController, AuthoritiesController],
    providers: [
      { provide: JoinTokens, useValue: trust.joinTokens },
      { provide: Locks, useValue: trust.locks },
      { provide: AuthorityRequests, useValue: trust.requests },
      { provide: Certificates, useValue: trust.certificates },
      { provide: TrustStatusService, useValue: trust.status },
      { provide: Rotations, useValue: trust.rotations },
    ],
  };
}
