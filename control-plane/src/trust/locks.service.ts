/**
 * Locks: instant refusals of an agent, a tenant, a serial number or a CA, for a time or until a person lifts them.
 *
 * Invariants: a lock, its audit entry, its live event, the move of `trust_state.rev` and the agent's state are ONE
 * transaction; admission, enrolment and renewal refuse from its COMMIT on, and every gateway ends the live sessions within
 * two seconds, with or without a notification. What belongs to the installation is locked and unlocked by the operator's
 * tenant alone. An agent that was locked leaves its last lock in the state it had before: never approved, never resumed by
 * the way, and still locked when somebody else locked it too.
 */
import type { AgentState, Lock, locks as endpoints } from '@casare/shared/api';
import type { z } from 'zod';
import { appendAudit } from '../audit/index.ts';
import { appendLive } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import { pageBy, uuidCursor, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { INSTALLATION } from './authorities.ts';
import { Unchanged, type TrustChanges } from './change.ts';
import type { Actor } from './join-tokens.service.ts';
import * as store from './lock.store.ts';

/** The states of agents, which are the fleet's: every call is inside the caller's transaction. */
export interface AgentStates {
  /** Locks the agent's row and says its state; null when there is no such agent. */
  hold(tx: Transaction, tenant: string, agentId: string): Promise<AgentState | null>;
  /** Moves an agent that is held to `locked`; false when its state does not allow that. */
  lock(tx: Transaction, by: Actor, agentId: string, reason: string): Promise<boolean>;
  /** Moves an agent that is held from `locked` back to `to`. */
  unlock(tx: Transaction, by: Actor, agentId: string, to: AgentState, reason: string): Promise<boolean>;
}

export interface LocksOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly changes: TrustChanges;
  readonly agents: AgentStates;
}

type NewLock = z.output<typeof endpoints.create.body>;
type Lifting = z.output<typeof endpoints.lift.body>;

/** Locks of one tenant that hold at once: every gateway keeps them in memory. */
const HELD_LIMIT = 10_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class Locks {
  readonly #options: LocksOptions;

  constructor(options: LocksOptions) {
    this.#options = options;
  }

  /** Newest first, unless the oldest are asked for. By the system login: what the installation has locked of a tenant is seen by it, and is no row of the tenant. */
  async list(
    tenant: string,
    ask: PageAsk & { readonly held?: 'true' | 'false' | undefined },
  ): Promise<Page<Lock> | Refusal> {
    const { limit, cursor, sort, held } = ask;
    const beyond = uuidCursor(cursor);
    if (beyond === undefined) return badCursor();
    const viewer = await this.#viewer(tenant);
    const only = held === undefined ? null : held === 'true';
    const range = { beyond, ascending: sort === 'createdAt', limit: limit + 1 };
    const found = await store.list(this.#options.db, viewer, range, only);
    return pageBy(
      found.map((row) => store.viewOf(row)),
      limit,
      ({ id }) => id,
    );
  }

  async create(by: Actor, request: NewLock): Promise<Lock | Refusal> {
    const { changes, clock, ids } = this.#options;
    const { kind, reason, ttlSeconds } = request;
    const target = request.target.toLowerCase();
    const viewer = await this.#viewer(by.tenant);
    return changes.make(request, async (tx) => {
      const tenant = await this.#ownerOf(tx, viewer, kind, target);
      if (isRefusal(tenant)) return tenant;
      if ((await store.countHeldLocks(tx, viewer, HELD_LIMIT)) >= HELD_LIMIT) return full();
      const was = kind === 'agent' ? await this.#lockAgent(tx, by, target, reason) : null;
      if (isRefusal(was)) return was;
      const createdAt = clock.now();
      const expiresAt = ttlSeconds === undefined ? null : new Date(createdAt.getTime() + ttlSeconds * 1_000);
      const made = { id: ids.next(), tenant, kind, target, reason, createdBy: by.actor, createdAt, expiresAt };
      const lock: store.LockRow = { ...made, liftedAt: null, was };
      await store.insert(tx, lock);
      await this.#record(tx, lock, by.actor, 'lock.created', { reason, expiresAt: expiresAt?.toISOString() ?? null });
      return store.viewOf(lock);
    });
  }

  /** Lifting twice is the same as once. */
  async lift(by: Actor, id: string, request: Lifting): Promise<Lock | Refusal> {
    const { changes, clock } = this.#options;
    const viewer = await this.#viewer(by.tenant);
    const found = await store.find(this.#options.db, viewer, id);
    if (found === null) return notFound(id);
    if (found.tenant === null && !viewer.operator) return operatorOnly();
    return changes.make(request, async (tx) => {
      const at = clock.now();
      const lifted = await this.#end(tx, found, by.actor, 'lock.lifted', at, request.reason ?? 'the lock was lifted');
      if (!lifted) return new Unchanged(store.viewOf((await store.find(tx, viewer, id)) ?? found));
      return store.viewOf({ ...found, liftedAt: at });
    });
  }

  /** One turn of the loop that ends what has expired, at most `limit`; how many ended. */
  async expire(limit = 100): Promise<number> {
    const { db, changes, clock } = this.#options;
    const expired = await store.listExpired(db, clock.now(), limit);
    for (const lock of expired) {
      await changes.make({}, async (tx) => {
        const ended = await this.#end(tx, lock, 'system', 'lock.expired', clock.now(), 'the lock expired');
        return ended ? true : new Unchanged(false);
      });
    }
    return expired.length;
  }

  /** Whether anything of these is locked; in the caller's transaction or by itself. */
  async isLocked(db: Parameters<typeof store.heldLockOn>[0], on: store.Lockable): Promise<boolean> {
    return (await store.heldLockOn(db, on)) !== null;
  }

  /** For who locks and unlocks an agent by its state alone, with the agent's row held: does a lock hold on it? */
  async holdsAgent(tx: Transaction, tenant: string, agentId: string): Promise<boolean> {
    return (await store.listOnAgent(tx, tenant, agentId)).length > 0;
  }

  /** A person locked the agent's state too, with the agent's row held: the end of its locks leaves it locked. */
  leaveLocked(tx: Transaction, tenant: string, agentId: string): Promise<void> {
    return store.leaveLocked(tx, tenant, agentId);
  }

  async #viewer(tenant: string): Promise<store.Viewer> {
    return (await store.findTenant(this.#options.db.of(tenant), tenant)) ?? { tenant, operator: false };
  }

  /** Whose the lock will be, null for the installation's; or why the target cannot be locked by this tenant. */
  async #ownerOf(
    tx: Transaction,
    { tenant, operator }: store.Viewer,
    kind: Lock['kind'],
    target: string,
  ): Promise<string | null | Refusal> {
    switch (kind) {
      case 'agent': {
        return UUID.test(target) ? tenant : noTarget(kind, target);
      }
      case 'serial': {
        return (await store.hasSerial(tx, tenant, target)) ? tenant : noTarget(kind, target);
      }
      case 'tenant': {
        if (target === tenant) return tenant;
        return operator && (await store.findTenant(tx, target)) !== null ? null : noTarget(kind, target);
      }
      case 'ca': {
        const owner = UUID.test(target) ? await store.ownerOfCa(tx, target) : undefined;
        if (owner === tenant) return tenant;
        if (owner === null && !operator) return operatorOnly();
        return owner !== undefined && operator ? null : noTarget(kind, target);
      }
    }
  }

  /** The state to which the agent returns. */
  async #lockAgent(tx: Transaction, by: Actor, agentId: string, reason: string): Promise<AgentState | Refusal> {
    const { agents } = this.#options;
    const state = await agents.hold(tx, by.tenant, agentId);
    if (state === null) return noTarget('agent', agentId);
    const [other] = await store.listOnAgent(tx, by.tenant, agentId);
    if (state === 'locked') return other?.was ?? 'locked';
    return (await agents.lock(tx, by, agentId, reason)) ? state : wrongState(state);
  }

  /** Ends a lock; false when it had ended already. An agent's row is held first, as everybody does who locks agents. */
  async #end(
    tx: Transaction,
    lock: store.LockRow,
    actor: string,
    action: 'lock.lifted' | 'lock.expired',
    at: Date,
    reason: string,
  ): Promise<boolean> {
    const { agents } = this.#options;
    const { id, tenant, kind, target } = lock;
    const state = kind === 'agent' && tenant !== null ? await agents.hold(tx, tenant, target) : null;
    const held = state !== null && tenant !== null ? await store.listOnAgent(tx, tenant, target) : [];
    if (!(await store.lift(tx, id, at, actor))) return false;
    const was = held.find((one) => one.id === id)?.was ?? null;
    if (tenant !== null && state === 'locked' && was !== null && was !== 'locked' && held.length === 1) {
      await agents.unlock(tx, { tenant, actor }, target, was, reason);
    }
    await this.#record(tx, lock, actor, action, { reason });
    return true;
  }

  /** Audited and told where the lock belongs, and to a tenant that the installation locks. */
  async #record(
    tx: Transaction,
    lock: store.LockRow,
    actor: string,
    action: string,
    more: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { id, kind, target } = lock;
    const concerned = kind === 'tenant' ? [target] : [];
    const owner = lock.tenant ?? (await store.findOperator(tx));
    for (const tenant of new Set([lock.tenant ?? INSTALLATION, ...concerned])) {
      await appendAudit(tx, { tenant, actor, action, subject: `lock:${id}`, detail: { kind, target, ...more } });
    }
    const at = this.#options.clock.now().toISOString();
    const event = { type: 'trust.changed' as const, at, subject: `${kind}:${target}`, action };
    const told = new Set([...(owner === null ? [] : [owner]), ...concerned]);
    await appendLive(
      tx,
      [...told].map((tenant) => ({ tenant, event })),
    );
  }
}

function notFound(id: string): Refusal {
  return refuse('not_found', 'LOCK_NOT_FOUND', `There is no lock ${id}.`, { fix: 'List locks to find its id.' });
}

function noTarget(kind: string, target: string): Refusal {
  return refuse('not_found', 'LOCK_TARGET_NOT_FOUND', `There is no ${kind} ${target} that you could lock.`, {
    fix: 'List agents, certificates or authorities to find its name.',
  });
}

function operatorOnly(): Refusal {
  return refuse('denied', 'OPERATOR_ONLY', 'This belongs to the installation, not to your tenant.', {
    fix: 'Ask the operator of the installation.',
  });
}

function wrongState(state: string): Refusal {
  return refuse('conflict', 'LOCK_TARGET_WRONG_STATE', `The agent is ${state} and cannot be locked.`);
}

function full(): Refusal {
  return refuse('unprocessable', 'LOCKS_FULL', `${HELD_LIMIT} locks hold already.`, {
    fix: 'Lift locks that are not needed any more, or lock the tenant or the CA instead.',
  });
}
