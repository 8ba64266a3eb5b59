/**
 * What workers that are over left behind, however it hid: it has become a child of this process (`linux/orphans.ts`). Only for
 * a process whose other children are all known, and take in the orphans below themselves.
 */
import { takeNoteOfEnd } from '../linux/index.ts';
import { ownChildren } from '../runner/own-children.ts';
import { killAllBelow } from '../runner/process-tree.ts';

/** Ends every child of this process that is not known, with all below it; answers how many have not ended yet. */
export function endStrays(known: ReadonlySet<number>): number {
  if (process.platform !== 'linux') return 0;
  const strays = ownChildren()
    .map(({ pid }) => pid)
    .filter((pid) => !known.has(pid));
  if (strays.length === 0) return 0;
  killAllBelow(strays);
  return strays.filter((pid) => !takeNoteOfEnd(pid)).length;
}
