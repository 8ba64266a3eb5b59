/** Files that the agent and its workers share by a group. */
import { chmodSync, chownSync, closeSync, constants, fchmodSync, fchownSync, openSync } from 'node:fs';

/**
 * Gives an own file or folder to a group that its owner is in, with this mode. Only for what lies where nobody else may put
 * something in its place: links are followed.
 */
export function giveTo(path: string, group: number, mode: number): void {
  // Closed meanwhile, or the group that it had before could use what is for the other one.
  chmodSync(path, mode & 0o1700);
  chownSync(path, process.getuid?.() ?? -1, group);
  chmodSync(path, mode);
}

/**
 * Opens an own folder, does something while its owner alone is in it, and gives it to a group with this mode then. What is
 * opened is what is given, and never what a link leads to. @throws Error where the path is no folder
 */
export function giveFolder(path: string, group: number, mode: number, whileClosed: () => void = () => undefined): void {
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fchmodSync(folder, 0o700);
    fchownSync(folder, process.getuid?.() ?? -1, group);
    whileClosed();
    fchmodSync(folder, mode);
  } finally {
    closeSync(folder);
  }
}
