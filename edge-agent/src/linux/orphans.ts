/**
 * Processes whose parent has ended. Linux gives them to the nearest process above that takes them in (PR_SET_CHILD_SUBREAPER,
 * prctl(2)), and to the first one of the system otherwise. Worker and worker host take them in: whatever a job's program does
 * to its environment, its group and its session, it stays below the worker while that lives, and below the host then.
 */
import { native } from './native.ts';

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

/** From now on orphans below this process become its children. @throws Error where the system refuses */
export function takeInOrphans(): void {
  if (native().processOption(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) !== 0) {
    throw new Error('the system does not give this process the orphans below it');
  }
}

/** Takes note of the end of a child that Node does not know of, so that nothing of it stays. */
export function takeNoteOfEnd(pid: number): void {
  native().waitFor(pid, null, WNOHANG);
}
