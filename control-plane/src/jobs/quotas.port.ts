/**
 * What a tenant may use, as far as jobs ask for it. The tenants feature implements it; without it nobody has a quota.
 *
 * Invariant: whoever makes leases of a tenant that `isLimited` does so only within `room`, in the transaction that asked
 * for it: claims of such a tenant take turns, so replicas together never lease more than its quota.
 */
import type { Queryable } from '../platform/database/index.ts';
import type { Refusal } from '../platform/refusal.ts';
import type { HeldBy } from './why-pending.decision.ts';

/** How many more jobs may begin. */
export interface Room {
  /** Of tenants with a limit; the others are not in it. */
  readonly of: ReadonlyMap<string, number>;
  /** Another claim has the turn of one of them: it is worth looking again soon. */
  readonly taken: boolean;
}

export interface JobQuotas {
  /** Whether jobs at once are limited, of any tenant or of this one; as known here. */
  isLimited(tenant?: string): boolean;
  /** Takes the turn of those of `tenants` that nobody has, until the transaction ends; never waits. */
  room(tx: Queryable, tenants: readonly string[]): Promise<Room>;
  /** Why so many more jobs may not be submitted; null when they may. */
  refusalOfSubmit(tenant: string, jobs: number): Promise<Refusal | null>;
  /** What keeps a tenant's jobs from beginning now; null when nothing does. */
  heldBy(db: Queryable, tenant: string): Promise<HeldBy | null>;
  /** Why a file of so many bytes may not be stored; null when it may. */
  refusalOfFile(tenant: string, bytes: number): Promise<Refusal | null>;
}

const NO_ROOM_ASKED: Room = { of: new Map(), taken: false };

/** As much as there is. */
export const NO_QUOTAS: JobQuotas = {
  isLimited: () => false,
  room: () => Promise.resolve(NO_ROOM_ASKED),
  refusalOfSubmit: () => Promise.resolve(null),
  refusalOfFile: () => Promise.resolve(null),
  heldBy: () => Promise.resolve(null),
};
