/**
 * Files of a run. A relative name is a path below the run's `files` folder and never leaves it, links resolved; an
 * absolute one is opened only where the agent's policy says so. A stored file (`saveAs`) appears under its name only when
 * complete, and storing it again replaces it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { StoredFile } from '@casare/shared/workflow';
import { type FileUse, StepFailure, type StepContext } from '../engine/index.ts';
import { codeOf } from '../fault.ts';

/**
 * The absolute path, links resolved, of a file that a document names. For `write` its folder exists afterwards, if it lies
 * in the run's; for `read` the file does.
 *
 * @throws StepFailure FILE_NAME_REFUSED, FILE_NOT_FOUND, or the policy's own
 */
export async function fileIn(context: StepContext, name: string, use: FileUse): Promise<string> {
  const path = isAbsolute(name) ? resolve(name) : await pathOf(context.runFolder, name, use);
  const real = await realPathOf(path, name, use);
  if (isAbsolute(name)) await context.policy.checkFile(real, use);
  return real;
}

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
  const path = await pathOf(context.runFolder, file.saveAs, 'write');
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

/** The absolute path of a name below the run's files; for `write` its folder exists afterwards. */
async function pathOf(runFolder: string, name: string, use: FileUse): Promise<string> {
  const root = join(runFolder, 'files');
  const path = resolve(root, name);
  if (!path.startsWith(root + sep)) throw refused(name);
  if (use === 'write') await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  else await mkdir(root, { recursive: true, mode: 0o700 });
  const real = await realPathOf(path, name, use);
  const realRoot = await realpath(root);
  if (!real.startsWith(realRoot + sep)) throw refused(name);
  return real;
}

/** Links resolved: of the file itself where it is there, else of its folder. */
async function realPathOf(path: string, name: string, use: FileUse): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  if (use === 'read') throw notFound(name);
  try {
    return join(await realpath(dirname(path)), basename(path));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw notFound(dirname(name));
  }
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

function notFound(name: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 404,
    code: 'FILE_NOT_FOUND',
    title: 'The file is not there',
    detail: `There is no ${JSON.stringify(name.slice(0, 200))} on the agent: relative names lie in the run's files, where earlier steps store theirs.`,
    certain: true,
  });
}

function refused(saveAs: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'FILE_NAME_REFUSED',
    title: "The name leads out of the run's files",
    detail: `It is ${JSON.stringify(saveAs.slice(0, 200))}, which leads out of the run's folder: give a relative name without ".."`,
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
