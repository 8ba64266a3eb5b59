/** `files.zip`: packs files into an archive. Each is read while it is packed; none is held as a whole. */
import { createWriteStream } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { FILES_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step, type StepContext } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { openFile, storeFile } from '../run-files.ts';

export const zipStep: Step = executor(FILES_STEPS.zip, async ({ files, saveAs }, context) => {
  const names = new Map(files.map((file) => [isAbsolute(file) ? basename(file) : file, file]));
  if (names.size !== files.length) throw doubled();
  return storeFile(context, {
    saveAs,
    kind: 'output',
    mediaType: 'application/zip',
    write: (path) => pack(context, names, path),
  });
});

/** One file is open at a time; the next is added when the one before is in. */
async function pack(context: StepContext, names: ReadonlyMap<string, string>, path: string): Promise<void> {
  const archive = new ZipFile();
  const written = pipeline(archive.outputStream, createWriteStream(path, { mode: 0o600 }), { signal: context.signal });
  try {
    for (const [name, file] of names) await Promise.race([add(context, archive, name, file), written]);
    archive.end();
    await written;
  } catch (error) {
    (archive.outputStream as Readable).destroy();
    await written.catch(() => undefined);
    throw error;
  }
}

async function add(context: StepContext, archive: ZipFile, name: string, file: string): Promise<void> {
  await using source = await openFile(context, file);
  const stream = Readable.from(source.pieces(), { objectMode: false });
  const read = new Promise<void>((resolve, reject) => {
    stream.once('end', resolve);
    stream.once('error', reject);
  });
  archive.addReadStream(stream, name, { mtime: source.modifiedAt, mode: 0o100644 });
  await read;
}

function doubled(): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'ZIP_NAME_DOUBLED',
    title: 'Two files would have one name in the archive',
    detail: 'Of absolute names only the last part is kept: copy one of them under another name first.',
    certain: true,
  });
}
