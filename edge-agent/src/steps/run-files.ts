/**
 * Files of a run. A relative name is a path below the run's `files` folder and never leaves it, links resolved; an
 * absolute one is opened only where the agent's policy says so. A stored file (`saveAs`) appears under its name only when
 * complete, and storing it again replaces it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { StoredFile } from '@casare/shared/workflow';
import { type FileUse, StepFailure, type StepContext } from '../engine/index.ts';
import { codeOf, Fault } from '../fault.ts';
import { isOpenedAt } from '../opened-at.ts';
import { isRemote, verifyName } from './file-name.ts';

/**
 * The absolute path, links resolved, of a file that a document names. For `write` its folder exists afterwards, if it lies
 * in the run's; for `read` the file does.
 *
 * @throws StepFailure FILE_NAME_REFUSED, FILE_NAME_HOLDS_SECRET, FILE_NOT_FOUND, FILE_ELSEWHERE, or the
 *   policy's own
 */
export async function fileIn(context: StepContext, name: string, use: FileUse): Promise<string> {
  if (use === 'write') refuseSecret(context, name);
  verifyName(name);
  const path = isAbsolute(name) ? resolve(name) : await pathOf(context, name, use);
  if (isRemote(path)) await context.policy.checkFile(path, use);
  const real = await realPathOf(path, context, name, use);
  if (isAbsolute(name)) await context.policy.checkFile(real, use);
  return real;
}

/**
 * The absolute path, links resolved, of a folder that a document names; an empty name is the run's files.
 *
 * @throws StepFailure FILE_NAME_REFUSED, FOLDER_NOT_FOUND, or the policy's own
 */
export async function folderIn(context: StepContext, name: string): Promise<string> {
  const root = join(context.runFolder, 'files');
  verifyName(name);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const isOwn = !isAbsolute(name) && resolve(root, name) === root;
  const path = isOwn ? await realpath(root) : await fileIn(context, name, 'read');
  if (!(await stat(path)).isDirectory()) throw notAFolder(name);
  return path;
}

/** Read at once, bytes. */
const PIECE_BYTES = 65_536;

/** A file open for reading, a regular one. Closed by whoever opened it. */
export interface OpenFile extends AsyncDisposable {
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** The content from the beginning; ends when the run or the step does. */
  pieces(): AsyncGenerator<Buffer>;
}

/**
 * Opens a file that a document names.
 *
 * @throws StepFailure FILE_TOO_LARGE, FILE_NOT_REGULAR, FILE_REPLACED, and those of `fileIn`
 */
export async function openFile(context: StepContext, name: string, maxBytes = Infinity): Promise<OpenFile> {
  const path = await fileIn(context, name, 'read');
  // The path holds no links; one that took its place meanwhile is not followed, and a pipe keeps nobody waiting
  // (where the system knows these flags; elsewhere they are nothing).
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await verifyPlace(handle, path, name);
    const stats = await handle.stat();
    if (!stats.isFile()) throw notRegular(name);
    if (stats.size > maxBytes) throw tooLarge(name, stats.size, maxBytes);
    return {
      handle,
      bytes: stats.size,
      modifiedAt: stats.mtime,
      pieces: () => piecesOf(handle, context.signal),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Fails unless what was opened lies at the path that was judged: a folder on the way may have become a link in between.
 *
 * @throws StepFailure FILE_REPLACED
 */
export async function verifyPlace(handle: FileHandle, path: string, name: string): Promise<void> {
  if (!(await isOpenedAt(handle, path))) throw replacedFile(name);
}

/** A stream of the file would close with the handle, and call that premature. */
async function* piecesOf(handle: FileHandle, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/**
 * The whole content of a file that a document names.
 *
 * @throws StepFailure as `openFile` does
 */
export async function readBytes(context: StepContext, name: string, maxBytes: number): Promise<Buffer> {
  await using file = await openFile(context, name, maxBytes);
  const pieces: Buffer[] = [];
  for await (const piece of file.pieces()) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** What is stored. */
interface FileToStore {
  readonly saveAs: string;
  readonly kind: 'output' | 'screenshot';
  /** Of a screenshot: see `ArtifactAbout`. */
  readonly masked?: boolean;
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
  await using made = await newFile(context, file.saveAs);
  await inWords(context, file.saveAs, () => file.write(made.path));
  return await made.keep(file);
}

/** A file that is being made: it has its name once it is kept, and is gone if it never is. */
interface NewFile extends AsyncDisposable {
  /** Where its content is written: a name of its own in the same folder. */
  readonly path: string;
  /** @throws StepFailure DISK_FULL */
  keep(about: Pick<FileToStore, 'kind' | 'masked' | 'mediaType'>): Promise<StoredFile>;
}

/**
 * Begins a file of the run, for whoever knows only later what it is; `storeFile` in two halves. Nothing is written yet.
 *
 * @throws StepFailure FILE_NAME_REFUSED, FILE_NAME_HOLDS_SECRET, DISK_FULL
 */
export async function newFile(context: StepContext, saveAs: string): Promise<NewFile> {
  refuseSecret(context, saveAs);
  verifyName(saveAs);
  const path = await inWords(context, saveAs, () => pathOf(context, saveAs, 'write'));
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomUUID()}.part`);
  return {
    path: temporary,
    keep: ({ kind, mediaType, masked }) =>
      inWords(context, saveAs, async () => {
        const { bytes, sha256 } = await flushAndHash(temporary);
        await rename(temporary, path);
        await context.artifact(path, { name: saveAs, kind, mediaType, ...(masked === true ? { masked } : {}) });
        return { path: saveAs, bytes, sha256, mediaType };
      }),
    [Symbol.asyncDispose]: () => rm(temporary, { force: true }),
  };
}

async function inWords<T>(context: StepContext, saveAs: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // The agent did not take the file, such as for want of room where it keeps what is to be sent, and says why itself.
    if (error instanceof Fault) throw notTaken(error);
    if (isFull(error)) throw diskFull(context);
    throw codeOf(error) === 'EISDIR' ? taken(saveAs) : error;
  }
}

/** True for the failure of a full disk; a browser's driver says it in words only. */
export function isFull(error: unknown): boolean {
  const code = codeOf(error) || /\b(?:ENOSPC|EDQUOT)\b/.exec(error instanceof Error ? error.message : '')?.[0];
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** The absolute path of a name below the run's files; for `write` its folder exists afterwards. */
async function pathOf(context: StepContext, name: string, use: FileUse): Promise<string> {
  const root = join(context.runFolder, 'files');
  const path = resolve(root, name);
  if (!path.startsWith(root + sep)) throw refused(name);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const realRoot = await realpath(root);
  if (use === 'write') await makeFolder(dirname(path), root, realRoot, name);
  const real = await realPathOf(path, context, name, use);
  if (!real.startsWith(realRoot + sep)) throw refused(name);
  return real;
}

/** Makes the folder, and not through a link that leads out of the run's files. */
async function makeFolder(folder: string, root: string, realRoot: string, name: string): Promise<void> {
  const there = await nearestThere(folder, root);
  if (there !== realRoot && !there.startsWith(realRoot + sep)) throw refused(name);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw ['EEXIST', 'ENOTDIR'].includes(codeOf(error)) ? taken(name) : error;
  }
}

/** The folder, or the nearest around it that is there, links resolved. */
async function nearestThere(folder: string, root: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(codeOf(error)) || folder === root) throw error;
    return nearestThere(dirname(folder), root);
  }
}

/** Links resolved: of the file itself where it is there, else of its folder. */
async function realPathOf(path: string, context: StepContext, name: string, use: FileUse): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  if (use === 'read') throw context.earlierFiles?.includes(name) === true ? elsewhere(name) : notFound(name);
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

/** Names are shown everywhere: in lists, records, addresses. */
function refuseSecret(context: StepContext, name: string): void {
  if (!context.holdsSecret(name)) return;
  throw new StepFailure({
    type: 'validation',
    code: 'FILE_NAME_HOLDS_SECRET',
    title: 'The name of the file holds a secret',
    detail: 'Names of files are shown to whoever may see the run: name the file after something else',
    certain: true,
  });
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

function notAFolder(name: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'FOLDER_EXPECTED',
    title: 'It is not a folder',
    detail: `${JSON.stringify(name.slice(0, 200))} is a file: name a folder.`,
    certain: true,
  });
}

/** What is found is not what was judged. */
export function replacedFile(name: string): StepFailure {
  return new StepFailure({
    type: 'authorization',
    code: 'FILE_REPLACED',
    title: 'A folder on the way to the file was replaced while it was opened',
    detail: `What was opened is not what ${JSON.stringify(name.slice(0, 200))} had led to just before: find out who changes folders there, then run it again.`,
    certain: true,
  });
}

function notRegular(name: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'FILE_NOT_REGULAR',
    title: 'It is not a file',
    detail: `${JSON.stringify(name.slice(0, 200))} is a folder, a device or a pipe: name a file.`,
    certain: true,
  });
}

function tooLarge(name: string, bytes: number, maxBytes: number): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'FILE_TOO_LARGE',
    title: 'The file is larger than this step reads',
    detail: `${JSON.stringify(name.slice(0, 200))} has ${bytes} bytes, and at most ${maxBytes} are read: take a smaller part of it first.`,
    certain: true,
  });
}

function taken(name: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'FILE_NAME_TAKEN',
    title: 'The name is taken by something else',
    detail: `${JSON.stringify(name.slice(0, 200))} or a part of it is a folder where a file has to be, or a file where a folder has to be: use another name.`,
    certain: true,
  });
}

/** The control plane has it, and the protocol has no way to bring it back. */
function elsewhere(name: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 410,
    code: 'FILE_ELSEWHERE',
    title: 'The file was stored by an earlier attempt and is not on this machine',
    detail: `${JSON.stringify(name.slice(0, 200))} is among the job's artifacts, but the job went on with another agent, or its folder was removed since: let the step that stores it run again (\`onRestart: rerun\`, where it may be repeated), or retry the job from its beginning.`,
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

function notTaken({ code, message }: Fault): StepFailure {
  return new StepFailure({
    type: 'runtime',
    ...(code === 'DISK_FULL' ? { status: 507 } : {}),
    code,
    title: 'The agent could not keep the file',
    detail: message,
  });
}

export function diskFull(context: StepContext): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 507,
    code: 'DISK_FULL',
    title: 'The disk of the agent is full',
    detail: `The file could not be written below ${context.runFolder}: free some space and run the job again`,
  });
}
