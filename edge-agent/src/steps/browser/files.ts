/**
 * Files that steps store. A name (`saveAs`) is a path below the run's `files` folder and never leaves it; a file appears
 * under its name only when complete, and storing it again replaces it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { StoredFile } from '@casare/shared/workflow';
import { codeOf } from '../../fault.ts';
import { StepFailure, type StepContext } from '../../engine/index.ts';

/** What is stored. */
interface FileToStore {
  readonly saveAs: string;
  readonly kind: 'output' | 'screenshot';
  readonly mediaType: string;
  /** Writes the content to a path in the same folder. */
  readonly write: (path: string) => Promise<void>;
}

/**
 * Stores a file of the run and hands it over as an artifact.
 *
 * @throws StepFailure FILE_NAME_REFUSED, DISK_FULL
 */
export async function storeFile(context: StepContext, file: FileToStore): Promise<StoredFile> {
  const path = await pathOf(context.runFolder, file.saveAs);
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomUUID()}.part`);
  try {
    await file.write(temporary);
    const { bytes, sha256 } = await flushAndHash(temporary);
    await rename(temporary, path);
    await context.artifact(path, { name: file.saveAs, kind: file.kind, mediaType: file.mediaType });
    return { path: file.saveAs, bytes, sha256, mediaType: file.mediaType };
  } catch (error) {
    throw codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT' ? diskFull(context) : error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The absolute path of a name; its folder exists afterwards and lies, links resolved, inside the run's. */
async function pathOf(runFolder: string, saveAs: string): Promise<string> {
  const root = join(runFolder, 'files');
  const path = resolve(root, saveAs);
  if (!path.startsWith(root + sep)) throw refused(saveAs);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const [realRoot, realFolder] = await Promise.all([realpath(root), realpath(dirname(path))]);
  if (realFolder !== realRoot && !realFolder.startsWith(realRoot + sep)) throw refused(saveAs);
  return path;
}

async function flushAndHash(path: string): Promise<{ bytes: number; sha256: string }> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

function refused(saveAs: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'FILE_NAME_REFUSED',
    title: 'The file may not be stored there',
    detail: `saveAs is ${JSON.stringify(saveAs.slice(0, 200))}, which leads out of the run's folder: give a relative name without ".."`,
    certain: true,
  });
}

function diskFull(context: StepContext): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 507,
    code: 'DISK_FULL',
    title: 'The disk of the agent is full',
    detail: `The file could not be written below ${context.runFolder}: free some space and run the job again`,
  });
}
