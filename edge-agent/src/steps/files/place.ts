/**
 * Where a copied or moved file goes. Among the run's files it is stored as an artifact; elsewhere it appears under its
 * name when complete, and an existing file is replaced only where the document says so.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ArtifactName } from '@casare/shared/protocol';
import type { StoredFile } from '@casare/shared/workflow';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { mediaTypeOf } from '../media-type.ts';
import { fileIn, type OpenFile, storeFile, verifyPlace } from '../run-files.ts';
import { isMissing } from './missing.ts';

/** A file that is at the place already. */
interface There {
  readonly path: string;
}

/** The file that has the name now, or `null`. */
export async function fileAt(context: StepContext, name: string): Promise<There | null> {
  try {
    return { path: await fileIn(context, name, 'read') };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Puts the content of `from` under the name `to`. */
export async function place(context: StepContext, from: OpenFile, to: string): Promise<StoredFile> {
  const mediaType = mediaTypeOf(undefined, to);
  if (!isAbsolute(to)) {
    const write = (path: string) =>
      pipeline(from.pieces(), createWriteStream(path, { mode: 0o600, flags: 'wx' }), { signal: context.signal });
    return storeFile(context, { saveAs: artifactName(to), kind: 'output', mediaType, write });
  }
  const path = await fileIn(context, to, 'write');
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomUUID()}.part`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      // Before anything is in it.
      await verifyPlace(handle, temporary, to);
      await handle.writeFile(from.pieces(), { signal: context.signal });
    } finally {
      await handle.close();
    }
    const { size } = await stat(temporary);
    const sha256 = await digestOf(temporary, context.signal);
    await rename(temporary, path);
    return { path: to, bytes: size, sha256, mediaType };
  } finally {
    await rm(temporary, { force: true });
  }
}

/** SHA-256 of a file, hex. */
export async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}

/** There is another file, and the document did not say that it may go. */
export function alreadyThere(name: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 409,
    code: 'FILE_EXISTS',
    title: 'There is a file of that name',
    detail: `${JSON.stringify(name.slice(0, 200))} is there already: use another name, or set \`overwrite: true\`.`,
    certain: true,
  });
}

/** A relative name that becomes an artifact's. */
function artifactName(name: string): string {
  const parsed = ArtifactName.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new StepFailure({
    type: 'validation',
    code: 'FILE_NAME_REFUSED',
    title: 'The name is none that a stored file may have',
    detail: `${JSON.stringify(name.slice(0, 200))}: use a relative name with forward slashes and without "." and "..".`,
    certain: true,
  });
}
