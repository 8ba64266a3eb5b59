/**
 * Files of whoever runs the machine: nobody but their owner, who is the machine's administrator or the agent itself, may
 * change or replace them. On Windows owner and access lists are looked at.
 */
import { constants, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { changeProblem } from './windows/index.ts';

const { S_IFMT: TYPE, S_IFLNK: LINK, S_IFDIR: FOLDER } = constants;

/**
 * What lets others change or replace the file, and what to do about it; null when nothing does.
 * @param uid of the file that is open, like `mode`
 * @param workerUid who the jobs run as; undefined: as the agent does
 */
export function ownerProblem(file: string, uid: number, mode: number, workerUid: number | undefined): string | null {
  if (process.platform === 'win32') return changeProblem(file);
  return (
    problemOf(file, uid, mode, workerUid) ??
    wayTo(file)
      .map((part) => {
        const { uid, mode } = lstatSync(part);
        // A link has no mode that means anything. In a folder with the sticky bit others cannot replace what is not theirs.
        const isBound = !isFolder(mode) || (mode & 0o1000) !== 0;
        return problemOf(part, uid, isBound ? 0 : mode, workerUid);
      })
      .find((found) => found !== null) ??
    null
  );
}

function problemOf(path: string, uid: number, mode: number, workerUid: number | undefined): string | null {
  if (workerUid !== undefined && uid === workerUid) {
    return `${path} belongs to uid ${uid}, which jobs run as: give it to root`;
  }
  if (uid !== 0 && uid !== process.getuid?.()) return `${path} belongs to uid ${uid}: give it to root`;
  return (mode & 0o022) === 0 ? null : `others than its owner may write ${path}: chmod go-w it`;
}

/**
 * Every folder and link on the way to the file: who may change one of them can put another file in its place. The file
 * itself, if it is no link, is not among them.
 */
function wayTo(file: string): string[] {
  const way = new Set<string>();
  const open = [resolve(file), realpathSync(file)];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    for (let part = path; ; part = dirname(part)) {
      const { mode } = lstatSync(part);
      const isLink = (mode & TYPE) === LINK;
      if ((isLink || isFolder(mode)) && !way.has(part)) {
        way.add(part);
        if (isLink) open.push(resolve(realpathSync(dirname(part)), readlinkSync(part)));
      }
      if (dirname(part) === part) break;
    }
  }
  return [...way];
}

function isFolder(mode: number): boolean {
  return (mode & TYPE) === FOLDER;
}
