/** Folders outside of the runs' own that the policy opens. */
import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import type { FileUse } from '../engine/index.ts';
import { windowsHolds, windowsPathFault } from '../windows/index.ts';
import type { Policy } from './policy-file.ts';

/**
 * True when a root of the policy holds the path, which is absolute and free of links; what may be written may be read. A
 * root around the agent home does not open the home, where the agent's key is: only one inside it does.
 */
export function rootHolds(files: Policy['files'], path: string, use: FileUse, home: string | undefined): boolean {
  if (process.platform === 'win32' && windowsPathFault(path) !== null) return false;
  const roots = [...(files?.write ?? []), ...(use === 'read' ? (files?.read ?? []) : [])].map(realRoot);
  const sought = resolve(path);
  const closed = home === undefined ? undefined : realRoot(home);
  const isClosed = (root: string): boolean =>
    closed !== undefined && isWithin(closed, sought) && !(isWithin(closed, root) && !isWithin(root, closed));
  return roots.some((root) => isWithin(root, sought) && !isClosed(root));
}

function isWithin(folder: string, path: string): boolean {
  if (process.platform === 'win32') return windowsHolds(folder, path);
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * A root may be reached by links, as `/var/run` is: what counts is where it leads. The system is asked: on Windows only it
 * knows what a short name (`PROGRA~1`) or the letter of a network drive stands for.
 */
function realRoot(root: string): string {
  try {
    return realpathSync.native(root);
  } catch {
    return resolve(root);
  }
}
