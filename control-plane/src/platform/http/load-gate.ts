/**
 * The load gate: how many requests with a body, and how many bytes of bodies, are under way in this replica, in all and
 * for each tenant. What does not fit is answered 429 before its body is read, so a flood costs what it may cost and no more.
 *
 * Invariants: a place is taken before the first byte of a body is read and given back when its handler has ended, also
 * when the client left before; a tenant never has more than its share, so that one tenant's flood refuses itself only;
 * submits, other requests, and requests of nobody in particular have bounds of their own, so that a flood of submits never
 * keeps an operator from steering.
 */
import { refuse, type Refusal } from '../refusal.ts';

/** Bounds of one kind of request. */
export interface LoadBounds {
  /** Requests under way at once. */
  readonly requests: number;
  /** Bytes of their bodies: as announced, or the most that the operation takes when nothing is announced. */
  readonly bytes: number;
}

export type LoadKind = 'submits' | 'requests' | 'public';

/** Of the whole replica, and of one tenant in it. */
export type LoadLimits = Readonly<Record<LoadKind, { readonly replica: LoadBounds; readonly tenant: LoadBounds }>>;

const MIB = 1_048_576;
/** Sign-ins and enrolments, which have bounds of their own: more than the enrol listener takes connections. */
const nobodys = { requests: 4_000, bytes: 64 * MIB };

/** A body of many small jobs takes some ten times its bytes while it is parsed and written. */
export const DEFAULT_LOAD: LoadLimits = {
  submits: { replica: { requests: 2_000, bytes: 96 * MIB }, tenant: { requests: 1_000, bytes: 64 * MIB } },
  requests: { replica: { requests: 1_000, bytes: 32 * MIB }, tenant: { requests: 500, bytes: 16 * MIB } },
  public: { replica: nobodys, tenant: nobodys },
};

/** A request at the gate. */
export interface Arriving {
  readonly kind: LoadKind;
  /** Null for a request of nobody in particular. */
  readonly tenant: string | null;
  readonly bytes: number;
}

/** Gives the place back; a second call does nothing. */
export type Leave = () => void;

/** Refused requests are asked to come back after 1 to so many seconds, so that they do not come back together. */
const RETRY_SECONDS = 5;

interface Load {
  requests: number;
  bytes: number;
}

export class LoadGate {
  readonly #limits: LoadLimits;
  readonly #random: () => number;
  readonly #replica = { submits: nothing(), requests: nothing(), public: nothing() };
  /** Only tenants with something under way are here. */
  readonly #tenants = new Map<string, Load>();

  constructor(limits: LoadLimits = DEFAULT_LOAD, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** A place, or why there is none. */
  enter({ kind, tenant, bytes }: Arriving): Leave | Refusal {
    const limits = this.#limits[kind];
    const replica = this.#replica[kind];
    const key = `${kind} ${tenant ?? ''}`;
    const own = this.#tenants.get(key) ?? nothing();
    if (!fits(own, bytes, limits.tenant)) return this.#busy(kind, 'of this tenant');
    if (!fits(replica, bytes, limits.replica)) return this.#busy(kind, 'of this replica');
    this.#tenants.set(key, own);
    for (const load of [own, replica]) add(load, 1, bytes);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      for (const load of [own, replica]) add(load, -1, -bytes);
      if (own.requests === 0) this.#tenants.delete(key);
    };
  }

  /** What is under way now. */
  underWay(kind: LoadKind): Readonly<Load> {
    return this.#replica[kind];
  }

  #busy(kind: LoadKind, whose: string): Refusal {
    const what = kind === 'submits' ? 'submits' : 'requests';
    return refuse('busy', kind === 'submits' ? 'SUBMITS_BUSY' : 'REQUESTS_BUSY', `Too many ${what} are under way.`, {
      detail: `The ${what} ${whose} that are under way leave no room for this one, and nothing of it was read.`,
      fix: 'Send it again after the seconds that Retry-After says, and fewer at once.',
      retryAfterSeconds: 1 + Math.floor(this.#random() * RETRY_SECONDS),
    });
  }
}

const gates = new WeakMap<object, LoadGate>();

/** Gives an application its gate. */
export function putLoadGate(application: object, gate: LoadGate): void {
  gates.set(application, gate);
}

/** The gate of the application that a request came to. */
export function loadGateOf(application: object): LoadGate {
  const gate = gates.get(application);
  if (gate === undefined) throw new Error('this application has no load gate');
  return gate;
}

function nothing(): Load {
  return { requests: 0, bytes: 0 };
}

/** One that is alone always fits: a bound below the largest body must not refuse it for ever. */
function fits(load: Load, bytes: number, bounds: LoadBounds): boolean {
  return load.requests === 0 || (load.requests < bounds.requests && load.bytes + bytes <= bounds.bytes);
}

function add(load: Load, requests: number, bytes: number): void {
  load.requests += requests;
  load.bytes += bytes;
}
