/**
 * Every write of a rotation, by name, and the one way to make one. Tests kill the process before and after each of
 * them; a write that is not named here cannot be made.
 */
import type { Database, Transaction } from '../platform/database/index.ts';

export const ROTATION_WRITES = [
  /** The new CA and the rotation's row. */
  'start',
  /** A CA below the new root. */
  'member',
  /** The new CA signs, the old one no more. */
  'issue',
  /** The new chain is presented. */
  'serve',
  /** The old CA is refused. */
  'retire',
  /** The rotation has ended with the new CA. */
  'complete',
  /** The old CA signs and is presented again. */
  'rollback',
  /** The rotation has ended with the old CA. */
  'rolledBack',
  /** A gateway's certificate. */
  'gatewayCertificate',
  /** What a gateway has loaded. */
  'gatewayReport',
] as const;
export type RotationWrite = (typeof ROTATION_WRITES)[number];

/** `before`: everything is written and nothing is committed. `after`: committed, and nobody was told. */
export type WriteMoment = 'before' | 'after';
/** For tests, which end the process there. */
export type AtWrite = (write: RotationWrite, moment: WriteMoment) => void | Promise<void>;

export class RotationWrites {
  readonly #db: Database;
  readonly #atWrite: AtWrite;

  constructor(db: Database, atWrite: AtWrite = () => undefined) {
    this.#db = db;
    this.#atWrite = atWrite;
  }

  /** Runs `work` as the transaction of `write`. */
  async commit<T>(write: RotationWrite, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const done = await this.#db.transaction(async (tx) => {
      const result = await work(tx);
      await this.#atWrite(write, 'before');
      return result;
    });
    await this.#atWrite(write, 'after');
    return done;
  }
}
