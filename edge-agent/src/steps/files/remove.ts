/**
 * Takes a file away where it was judged. A folder on its way may become a link in between, so the folder is opened and judged
 * once more, and on Linux the name is taken away in that folder, wherever a path leads by then. What the name means is looked
 * at just before; systems have no call that takes away only a certain file, so whoever may write to the folder can still put
 * another one there in between, and that goes. A link goes itself, never what it leads to, and a folder never goes.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StepFailure } from '../../engine/index.ts';
import { replacedFile, verifyPlace } from '../run-files.ts';

/** O_PATH of Linux, which Node does not name: names a folder, also one that may be written to and not listed. */
const PATH_ONLY = 0o10000000;
/** Nothing but a folder, and one that was swapped for a pipe keeps nobody waiting; Windows has no such flag. */
const FOLDER =
  (process.platform === 'linux' ? PATH_ONLY : constants.O_RDONLY) |
  ((constants.O_DIRECTORY as number | undefined) ?? 0);

/**
 * @param path absolute, links resolved, judged
 * @param name as the document has it
 * @param expected what was read under this name, if it was: nothing else is taken away
 * @throws StepFailure FILE_REPLACED, FILE_NOT_REGULAR
 */
export async function removeAt(path: string, name: string, expected?: FileHandle): Promise<void> {
  const folder = await open(dirname(path), FOLDER);
  try {
    await verifyPlace(folder, dirname(path), name);
    const at = process.platform === 'linux' ? join(`/proc/self/fd/${folder.fd}`, basename(path)) : path;
    const found = await lstat(at, { bigint: true });
    const read = await expected?.stat({ bigint: true });
    if (read !== undefined && (read.ino !== found.ino || read.dev !== found.dev)) throw replacedFile(name);
    if (!found.isFile()) throw notAFile(name);
    await unlink(at);
  } finally {
    await folder.close();
  }
}

function notAFile(name: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'FILE_NOT_REGULAR',
    title: 'It is not a file',
    detail: `${JSON.stringify(name.slice(0, 200))} is a folder, a device or a pipe: only files are deleted.`,
    certain: true,
  });
}
