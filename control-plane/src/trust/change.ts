/**
 * A change of trust: one transaction that moves `trust_state.rev` first, so changes go one after the other, and then does
 * its work. Gateways are told after COMMIT.
 *
 * Invariant: a refused change, one that only tries (`dryRun`) and one that changes nothing leave nothing behind, and the
 * rev as it was.
 */
import type { Database, Transaction } from '../platform/database/index.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { move } from './trust-state.store.ts';

/** How a caller wants a change made. */
export interface ChangeOptions {
  /** Only if trust is still at this rev. */
  readonly ifRev?: number | undefined;
  /** Judged and answered as if it had been done. */
  readonly dryRun?: boolean | undefined;
}

/** What stands already as it was asked for: answered, and nothing is changed. */
export class Unchanged<T> {
  readonly value: T;
  constructor(value: T) {
    this.value = value;
  }
}

export interface TrustChangesOptions {
  readonly db: Database;
  /** After COMMIT of a change. */
  readonly onChanged: () => void;
}

/** Deadlocks with other work on the same agents are tried again. */
const ATTEMPTS = 3;

export class TrustChanges {
  readonly #options: TrustChangesOptions;

  constructor(options: TrustChangesOptions) {
    this.#options = options;
  }

  /** Runs `work`, which has no other effects than on `tx`. TRUST_CHANGED when trust is not at `ifRev` any more. */
  async make<T>(
    { ifRev, dryRun = false }: ChangeOptions,
    work: (tx: Transaction) => Promise<T | Refusal | Unchanged<T>>,
  ): Promise<T | Refusal> {
    try {
      const done = await this.#options.db.transaction(
        async (tx) => {
          if ((await move(tx, ifRev ?? null)) === null) throw new TakenBack(trustChanged(ifRev));
          const outcome = await work(tx);
          if (outcome instanceof Unchanged) throw new TakenBack(outcome.value);
          if (dryRun || isRefusal(outcome)) throw new TakenBack(outcome);
          return outcome;
        },
        { attempts: ATTEMPTS },
      );
      this.#options.onChanged();
      return done;
    } catch (error) {
      if (error instanceof TakenBack) return error.outcome as T | Refusal;
      throw error;
    }
  }
}

/** Rolls the transaction of `work` in `takenBack` back; `outcome` is what the caller gets. */
export function takeBack(outcome: unknown): never {
  throw new TakenBack(outcome);
}

/** What `work` gives, or what it took back with. */
export async function takenBack<T>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TakenBack) return error.outcome as T | Refusal;
    throw error;
  }
}

/** Rolls the transaction back and carries the answer out. */
class TakenBack extends Error {
  readonly outcome: unknown;
  constructor(outcome: unknown) {
    super('the change was taken back');
    this.outcome = outcome;
  }
}

function trustChanged(ifRev: number | undefined): Refusal {
  return refuse('conflict', 'TRUST_CHANGED', `Trust is not at rev ${ifRev} any more.`, {
    fix: 'Look at how trust stands now, then try again with its rev.',
  });
}
