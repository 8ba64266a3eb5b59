/** Folders outside of the runs' own that the policy opens. */
import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import type { FileUse } from '../engine/index.ts';
import type { Policy } from './policy-file.ts';

/** True when a root of the policy holds the path, which is absolute and free of links; what may be written may be read. */
export function rootHolds(files: Policy['files'], path: string, use: FileUse): boolean {
  const roots = [...(files?.write ?? []), ...(use === 'read' ? (files?.read ?? []) : [])];
  const sought = resolve(path);
  return roots
    .map(realRoot)
    .some((root) => sought === root || sought.startsWith(root.endsWith(sep) ? root : root + sep));
}

/** A root may be reached by links, as `/var/run` is: what counts is where it leads. */
function realRoot(root: string): string {
  try {
    return realpathSync(root);
  } catch {
    return resolve(root);
  }
}
