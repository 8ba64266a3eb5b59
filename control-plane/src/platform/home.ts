/**
 * The data directory: made 0700 (0711 by root). Files with secrets are written whole (temporary file, flush, rename) and
 * 0600. Its `master.key`, which encrypts CA keys, is opened by the signer alone.
 */
import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { Fault, lineOf } from './errors.ts';

/** Started by root, the embedded database runs as another user, who must pass through to its own folder and may list nothing. */
const DIRECTORY_MODE = process.getuid?.() === 0 ? 0o711 : 0o700;

/**
 * Makes sure that `home` is a directory that only its owner can read and that we can write.
 * @throws Fault HOME_NOT_WRITABLE
 */
export async function prepareHome(home: string): Promise<void> {
  try {
    await makeDirectory(home);
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
    if (!(await stat(home)).isDirectory()) throw new Error('it is not a directory');
  } catch (error) {
    throw new Fault({
      code: 'HOME_NOT_WRITABLE',
      what: `The data directory ${home} cannot be used`,
      why: lineOf(error),
      fix: 'Make it writable, or set CASARE_HOME to a directory that is',
      cause: error,
    });
  }
}

/** Replaces `file` with `content`, 0600; after a crash it holds either the old or the new content. */
export async function writePrivateFile(file: string, content: string | Buffer): Promise<void> {
  const temporary = await writeTemporary(file, content);
  await rename(temporary, file);
}

/** The content of a private file, or null when there is none; refuses a file that others may read. */
export async function readPrivateFile(file: string): Promise<Buffer | null> {
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new Fault({
        code: 'FILE_NOT_PRIVATE',
        what: `${file} can be read by others`,
        why: `its mode is ${(mode & 0o777).toString(8)}`,
        fix: `Run \`chmod 600 ${file}\``,
      });
    }
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Step by step: Node's own recursive `mkdir` never returns below a directory like /proc. */
async function makeDirectory(directory: string): Promise<void> {
  const parent = path.dirname(directory);
  try {
    await mkdir(directory, { mode: DIRECTORY_MODE });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || parent === directory || existsSync(parent)) throw error;
    await makeDirectory(parent);
    await mkdir(directory, { mode: DIRECTORY_MODE });
  }
}

async function writeTemporary(file: string, content: string | Buffer): Promise<string> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return temporary;
}
