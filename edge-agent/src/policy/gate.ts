/**
 * The policy of a running agent. It is read at the start, and again when the file has changed.
 *
 * Invariants: while the file cannot be used, no job is taken and what runs keeps to the policy read last. A file that jobs
 * themselves could write is not read again: a change of it counts when a person starts the agent anew.
 */
import { statSync } from 'node:fs';
import { Fault } from '../fault.ts';
import { type PolicyInForce, type PolicyPlace, readPolicy } from './read-policy.ts';

/** What a change of the policy means for those who keep records. */
export type PolicyChange = { readonly to: PolicyInForce } | { readonly fault: Fault };

export class PolicyGate {
  readonly #place: PolicyPlace;
  readonly #changed: (change: PolicyChange) => void;
  readonly #workerUid: number | undefined;
  #held: PolicyInForce;
  #seen: string;
  #fault: Fault | null = null;

  /** Reads the policy. Throws what `readPolicy` throws. */
  constructor(place: PolicyPlace, changed: (change: PolicyChange) => void = () => undefined, workerUid?: number) {
    this.#place = place;
    this.#changed = changed;
    this.#workerUid = workerUid;
    this.#seen = markOf(place.file);
    this.#held = readPolicy(place, workerUid);
  }

  /** The policy read last: what runs keeps to it. */
  get held(): PolicyInForce {
    return this.#held;
  }

  /** What holds for a new job: the policy as the file says it now, or why no job is taken. */
  current(): PolicyInForce | Fault {
    const mark = markOf(this.#place.file);
    if (mark !== this.#seen) {
      this.#seen = mark;
      this.#readAgain();
    }
    return this.#fault ?? this.#held;
  }

  #readAgain(): void {
    const before = this.#fault;
    try {
      const found = readPolicy(this.#place, this.#workerUid);
      // Also one that was root's and is a job's own file now: in a folder of the agent jobs can put another in its place.
      const isExposed = this.#held.exposed || found.exposed;
      this.#fault = isExposed && found.digest !== this.#held.digest ? changedByAnybody(this.#place.file) : null;
      if (this.#fault === null && (found.digest !== this.#held.digest || before !== null)) {
        this.#held = found;
        this.#changed({ to: found });
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#fault = error;
    }
    if (this.#fault !== null && this.#fault.message !== before?.message) this.#changed({ fault: this.#fault });
  }
}

function changedByAnybody(file: string): Fault {
  const text = `the policy ${file} was changed, and jobs of this agent could have done it: look at it, then start the agent again`;
  return new Fault('POLICY_CHANGED', text);
}

/** Differs when the file was written, replaced, taken away, or became somebody else's. */
function markOf(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined
    ? 'none'
    : [found.ino, found.size, found.mtimeNs, found.ctimeNs, found.uid, found.mode].join(' ');
}
