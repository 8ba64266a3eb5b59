/** Folders outside of the runs' own that the policy opens. */
import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import type { FileUse } from '../engine/index.ts';
import type { Policy } from './policy-file.ts';

/**
 * True when a root of the policy holds the path, which is absolute and free of links; what may be written may be read. A
 * root around the agent home does not open the home, where the agent's key is: only one inside it does.
 */
export function rootHolds(files: Policy['files'], path: string, use: FileUse, home: string | undefined): boolean {
  const roots = [...(files?.write ?? []), ...(use === 'read' ? (files?.read ?? []) : [])].map(realRoot);
  const sought = resolve(path);
  const closed = home === undefined ? undefined : realRoot(home);
  const isClosed = (root: string): boolean =>
    closed !== undefined && isWithin(closed, sought) && !(isWithin(closed, root) && root !== closed);
  return roots.some((root) => isWithin(root, sought) && !isClosed(root));
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** A root may be reached by links, as `/var/run` is: what counts is where it leads. */
function realRoot(root: string): string {
  try {
    return realpathSync(root);
  } catch {
    return resolve(root);
  }
}
