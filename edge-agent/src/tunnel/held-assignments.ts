/**
 * Assignments that come over a session after another one has greeted. That greeting did not name their runs, so whoever
 * accepts them now looks, to the control plane that reads it, like an agent that has lost them: the job would be done
 * again. They wait unaccepted. When the other session is welcomed it brings them again, under the same attempt, and these
 * are dropped; when it fails they are handed on.
 */
import type { Message } from './link.ts';

type AboutRun = Message<'job.assign' | 'job.cancel' | 'job.pause' | 'job.resume' | 'run.fenced'>;

/** More than any agent has slots; what comes beyond is assigned again by the control plane's sweep. */
const MOST = 256;

export class HeldAssignments {
  #held: AboutRun[] | null = null;

  /** From now on assignments wait. */
  begin(): void {
    this.#held ??= [];
  }

  /** What waited, in order; from now on nothing does. */
  end(): readonly AboutRun[] {
    const held = this.#held ?? [];
    this.#held = null;
    return held;
  }

  /** True when the message waits: an assignment, or what was said about one that waits. */
  keeps(message: AboutRun): boolean {
    if (this.#held === null) return false;
    const waits = message.type === 'job.assign' || this.#held.some(({ jobId }) => jobId === message.jobId);
    if (waits && this.#held.length < MOST) this.#held.push(message);
    return waits;
  }
}
