/** How trust stands: authorities, rotations, locks, gateways, what ends next, and the next safe command. */
import { certificatesInPem } from '@casare/certs';
import type { Authority, Bundle, Expiration, Rotation, TrustStatus } from '@casare/shared/api';
import { createHash } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { viewOf } from './expiry.decision.ts';
import type { ExpiryWatch } from './expiry-watch.ts';
import { countHeldLocks, findTenant, readingAs, type Viewer } from './lock.store.ts';
import { currentRev } from './trust-state.store.ts';
import * as store from './trust-status.store.ts';
import type { TrustViews } from './trust-view.ts';

export interface TrustStatusOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly views: TrustViews;
  readonly expiry: ExpiryWatch;
  /** Asks the signer for something cheap: why it is down, or null. */
  readonly signerDown: () => Promise<string | null>;
  /** Rotations that are open, as the viewer sees them. */
  readonly openRotations: (viewer: Viewer) => Promise<Rotation[]>;
}

const LOCKS_COUNTED = 1_000_000;
/** What ends within this time is worth a command, milliseconds. */
const SOON_MS = 30 * 86_400_000;

export class TrustStatusService {
  readonly #options: TrustStatusOptions;

  constructor(options: TrustStatusOptions) {
    this.#options = options;
  }

  async status(tenant: string): Promise<TrustStatus> {
    const { clock, expiry, signerDown, openRotations } = this.#options;
    const viewer = await this.#viewer(tenant);
    const db = readingAs(this.#options.db, viewer);
    // Read first: what is read after it is at least as new, so a change by this rev is never judged by older facts.
    const rev = await currentRev(db);
    const why = await signerDown();
    const rotations = await openRotations(viewer);
    const [first] = await expiry.list(viewer, Number.MAX_SAFE_INTEGER / 4, 1);
    const { digest, roots } = this.bundle();
    return {
      rev,
      operator: viewer.operator,
      signer: { state: why === null ? 'up' : 'down', why },
      authorities: (await store.listAuthorities(db, viewer, clock.now())).map((row) => authorityOf(row)),
      rotations,
      // With what the installation has locked of it, which is no row of the tenant.
      locks: await countHeldLocks(this.#options.db, viewer, LOCKS_COUNTED),
      bundle: { digest, roots: roots.length },
      // Who else is on the same gateways is not a tenant's business.
      gateways: viewer.operator ? (await store.listGateways(db)).map((row) => gatewayOf(row)) : [],
      nextExpiration: first === undefined ? null : viewOf(first),
      next: nextCommand(why, rotations, first && first.notAfter.getTime() - clock.now().getTime()),
    };
  }

  bundle(): Bundle {
    const { digest, roots } = this.#options.views.current.bundle;
    return { digest, roots: [...roots] };
  }

  async expirations(
    tenant: string,
    { within, limit }: { readonly within: number; readonly limit: number },
  ): Promise<{ items: Expiration[]; more: boolean }> {
    const viewer = await this.#viewer(tenant);
    const found = await this.#options.expiry.list(viewer, within * 1_000, limit + 1);
    return { items: found.slice(0, limit).map((ending) => viewOf(ending)), more: found.length > limit };
  }

  async #viewer(tenant: string): Promise<Viewer> {
    return (await findTenant(this.#options.db.of(tenant), tenant)) ?? { tenant, operator: false };
  }
}

/** The next safe thing to do: what is broken, then what is open, then what ends. */
function nextCommand(down: string | null, rotations: readonly Rotation[], leftMs: number | undefined): string {
  if (down !== null) return 'casare-certs doctor';
  const [open] = rotations;
  if (open !== undefined) return open.next;
  return leftMs !== undefined && leftMs < SOON_MS ? 'casare-certs check-expiration --within 30d' : 'nothing to do';
}

/** The one mapping of a CA's row to what is shown of it. */
export function authorityOf({ offline, notAfter, createdAt, ...row }: store.AuthorityRow): Authority {
  const [der] = certificatesInPem(row.certificatePem);
  return {
    ...row,
    fingerprint: createHash('sha256').update(der!).digest('hex'),
    key: offline ? 'offline' : 'server',
    notAfter: notAfter.toISOString(),
    createdAt: createdAt.toISOString(),
  };
}

function gatewayOf({ heartbeatAt, ...row }: store.GatewayRow): TrustStatus['gateways'][number] {
  return { ...row, heartbeatAt: heartbeatAt.toISOString() };
}
