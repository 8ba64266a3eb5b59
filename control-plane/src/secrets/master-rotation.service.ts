/**
 * Another master key, while everything goes on. The new key is durable before the database says that it is in use; from
 * then on new versions are under it. What is under older keys is wrapped anew, some hundred versions a call, and an older key
 * is forgotten only when the database holds nothing under it. Whoever dies on the way leaves a state to go on from.
 */
import type { MasterRotation } from '@casare/shared/api';
import { appendAudit } from '../audit/index.ts';
import type { Transaction } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import type { Caller } from '../platform/http/caller.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { boundTo } from './envelope.ts';
import * as masters from './master.store.ts';
import { masterInUse, type SealingOptions } from './sealing.ts';

/** Versions wrapped anew in one transaction; with a vault each is a call of it. */
export const BATCH = 100;

export class MasterRotationService {
  readonly #options: SealingOptions;

  constructor(options: SealingOptions) {
    this.#options = options;
  }

  /** Begins a rotation, or goes on with the one that is under way. @throws Fault SECRETS_MASTER_MISSING, SECRETS_KEY_UNAVAILABLE */
  async rotate(by: Pick<Caller, 'tenant' | 'actor'>, to?: string): Promise<MasterRotation | Refusal> {
    const { db } = this.#options;
    await masterInUse(this.#options);
    const wrapped = await db.transaction(async (tx) => {
      const begun = await this.#target(tx, by, await masters.lockMasters(tx), to);
      if (isRefusal(begun)) return begun;
      for (const stale of await masters.staleVersions(tx, begun, BATCH)) await this.#rewrap(tx, stale, begun);
      return begun;
    });
    return isRefusal(wrapped) ? wrapped : db.transaction((tx) => this.#end(tx, by, wrapped));
  }

  /** The key that everything is to be under. */
  async #target(
    tx: Transaction,
    { tenant, actor }: Pick<Caller, 'tenant' | 'actor'>,
    rows: readonly masters.MasterRow[],
    to: string | undefined,
  ): Promise<string | Refusal> {
    const current = rows.find(({ state }) => state === 'current')!.id;
    if (to !== undefined && to !== current) return otherRotation(current);
    if (to !== undefined || rows.length > 1) return current;
    const next = await this.#options.keys.next(current);
    if (next === null) return sameKey();
    await masters.useMaster(tx, next, this.#options.clock.now());
    const detail = { from: current, to: next };
    await appendAudit(tx, { tenant, actor, action: 'secretMaster.rotating', subject: `secretMaster:${next}`, detail });
    return next;
  }

  async #rewrap(tx: Transaction, stale: masters.StaleVersion, to: string): Promise<void> {
    const { keys } = this.#options;
    const bound = boundTo(stale);
    const wrapped = await keys.rewrap(stale.masterId, to, stale.wrappedKey, bound);
    if (wrapped === null) throw unreadable(stale);
    await masters.rewrap(tx, stale, wrapped, to);
  }

  /** A transaction of its own: an older key is given up only after what was wrapped anew is committed. */
  async #end(
    tx: Transaction,
    { tenant, actor }: Pick<Caller, 'tenant' | 'actor'>,
    to: string,
  ): Promise<MasterRotation | Refusal> {
    const rows = await masters.lockMasters(tx);
    const current = rows.find(({ state }) => state === 'current')?.id;
    if (current !== to) return otherRotation(current ?? 'another one');
    const retiring = rows.filter(({ id }) => id !== to).map(({ id }) => id);
    const remaining = await masters.countStale(tx, to);
    if (remaining > 0 || retiring.length === 0) return { current: to, retiring, remaining, done: remaining === 0 };
    await masters.forgetRetiring(tx);
    const detail = { to, retired: retiring };
    await appendAudit(tx, { tenant, actor, action: 'secretMaster.rotated', subject: `secretMaster:${to}`, detail });
    // Under the lock, and last: should the commit fail, the database still names keys that nothing is under.
    await this.#options.keys.keepOnly([to]);
    return { current: to, retiring: [], remaining: 0, done: true };
  }
}

function unreadable({ tenant, name, version, masterId }: masters.StaleVersion): Fault {
  return new Fault({
    code: 'SECRET_UNREADABLE',
    what: `Version ${version} of the secret ${name} of tenant ${tenant} does not open under ${masterId}`,
    why: 'its row was changed, or moved from another secret',
    fix: 'Store that secret anew, or delete the version; the rotation goes on then',
    status: 503,
  });
}

function otherRotation(current: string): Refusal {
  return refuse('conflict', 'MASTER_ROTATION_OTHER', `The key in use is ${current} by now.`, {
    fix: 'Call again without `to` to begin or go on with a rotation.',
  });
}

function sameKey(): Refusal {
  return refuse('conflict', 'MASTER_KEY_SAME', 'There is no other master key than the one in use.', {
    fix: 'Put a new one before it in CASARE_SECRETS_MASTER_KEY and start the control plane again, or rotate the key of Vault.',
  });
}
