/** Files that people name on the command line: bounded, and errors in one line. */
import { open, readFile, rm, stat } from 'node:fs/promises';
import { CliError } from './exit.ts';

const MAX_BYTES = 1_048_576;

/** The text of a file of at most 1 MiB. Throws FILE_UNREADABLE. */
export async function readPem(file: string): Promise<string> {
  try {
    const facts = await stat(file);
    if (facts.isFile() && facts.size <= MAX_BYTES) return await readFile(file, 'utf8');
  } catch {
    // Said below, like anything else that cannot be read.
  }
  throw new CliError('FILE_UNREADABLE', `${file} is not a readable file of at most 1 MiB: check the path`);
}

/** Writes a new file that only its owner can read; never over another one. Throws FILE_EXISTS, FILE_UNWRITABLE. */
export async function writeNew(file: string, content: string, mode = 0o600): Promise<void> {
  await writeLines(file, [content], mode);
}

/** The same for text that comes in parts. What `parts` throws is thrown on, and the file is removed. */
export async function writeLines(
  file: string,
  parts: AsyncIterable<string> | Iterable<string>,
  mode = 0o600,
): Promise<void> {
  await using handle = await open(file, 'wx', mode).catch((error: unknown) => {
    throw unwritable(file, error);
  });
  try {
    for await (const part of parts) {
      await handle.writeFile(part).catch((error: unknown) => {
        throw unwritable(file, error);
      });
    }
    await handle.sync();
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

function unwritable(file: string, error: unknown): CliError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'EEXIST')
    return new CliError('FILE_EXISTS', `${file} is there already: remove it, or name another file`);
  return new CliError('FILE_UNWRITABLE', `${file} cannot be written (${code}): name another file`);
}
