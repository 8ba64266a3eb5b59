/**
 * A witness of a request sees each of its changes before it is committed, in the same transaction: what the witness writes
 * there is true exactly if the change is. The request is known by its asynchronous context.
 *
 * A loop that a request has woken inherits its context, so a witness must say nothing once its request is over.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Statement } from './statement.ts';

/** Where it writes. */
export interface Writable {
  execute(statement: Statement): Promise<number>;
}

export interface Witness {
  /** The last statements of a transaction; it is rolled back when this throws. */
  beforeCommit(tx: Writable): Promise<void>;
  /** Before a statement that is its own transaction and may change something. */
  beforeStatement(): Promise<void>;
}

const witnesses = new AsyncLocalStorage<Witness>();

/** Does `work` under a witness. */
export function witnessed<T>(witness: Witness, work: () => Promise<T>): Promise<T> {
  return witnesses.run(witness, work);
}

/** What a witness itself asks the database for is not witnessed. */
export function unwitnessed<T>(work: () => Promise<T>): Promise<T> {
  return witnesses.exit(work);
}

/** The witness of what runs now. */
export function presentWitness(): Witness | undefined {
  return witnesses.getStore();
}
