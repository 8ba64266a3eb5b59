/** Files that the agent and its workers share by a group. */
import { chmodSync, chownSync } from 'node:fs';

/** Gives an own file or folder to a group that its owner is in, with this mode. */
export function giveTo(path: string, group: number, mode: number): void {
  // Closed meanwhile, or the group that it had before could use what is for the other one.
  chmodSync(path, mode & 0o1700);
  chownSync(path, process.getuid?.() ?? -1, group);
  chmodSync(path, mode);
}
