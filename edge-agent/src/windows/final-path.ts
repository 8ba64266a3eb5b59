/**
 * Where an open file of Windows lies, whatever its path leads to by now: the system is asked for the file itself, so a folder
 * that became a junction in between, and is one no more, deceives nobody.
 */
import { native } from './native.ts';

/** With the drive it has, and the names as they are written. */
const AS_A_PATH = 0;
/** Of the longest path, UTF-16 units. */
const PATH_UNITS = 32_768;

/** @param fd of a file or folder; null where the system does not say */
export function finalPath(fd: number): string | null {
  const windows = native();
  const into = Buffer.alloc(PATH_UNITS * 2);
  const units = windows.finalPath(windows.handleOf(fd), into, PATH_UNITS, AS_A_PATH);
  if (units === 0 || units >= PATH_UNITS) return null;
  return into
    .toString('utf16le', 0, units * 2)
    .replace(/^\\\\\?\\UNC\\/, '\\\\')
    .replace(/^\\\\\?\\/, '');
}
