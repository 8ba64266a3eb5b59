/** `files.unzip`: stores the files of an archive, all of them or, when the archive is refused, none. */
import { createWriteStream } from 'node:fs';
import { matchesGlob } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ArtifactName } from '@casare/shared/protocol';
import { FILES_STEPS, type StoredFile } from '@casare/shared/workflow';
import { StepFailure, type Step, type StepContext } from '../../engine/index.ts';
import { codeOf } from '../../fault.ts';
import { executor } from '../executor.ts';
import { mediaTypeOf } from '../media-type.ts';
import { openFile, storeFile } from '../run-files.ts';
import { type ArchiveFile, brokenArchive, filesOfArchive } from './archive.ts';

/** Each file becomes an artifact, and the output names each. */
const ENTRIES = 1_000;
/** Of all files together, unless the document says otherwise. */
const BYTES = 268_435_456;

export const unzipStep: Step = executor(FILES_STEPS.unzip, async ({ file, to, pattern, maxBytes = BYTES }, context) => {
  await using opened = await openFile(context, file);
  const all = await filesOfArchive(opened, { entries: ENTRIES, bytes: maxBytes });
  const wanted = all
    .filter(({ name }) => pattern === undefined || matchesGlob(name, pattern))
    .map((one) => ({ one, saveAs: nameOf(one, to) }));
  const stored: StoredFile[] = [];
  for (const { one, saveAs } of wanted) stored.push(await unpack(context, one, saveAs));
  return stored;
});

async function unpack(context: StepContext, file: ArchiveFile, saveAs: string): Promise<StoredFile> {
  return storeFile(context, {
    saveAs,
    kind: 'output',
    mediaType: mediaTypeOf(undefined, saveAs),
    write: async (path) => {
      try {
        const target = createWriteStream(path, { mode: 0o600, flags: 'wx' });
        await pipeline(await file.read(), target, { signal: context.signal });
      } catch (error) {
        context.signal.throwIfAborted();
        // What the system says has a code of its own; everything else is the archive's fault.
        throw /^E[A-Z]+$/.test(codeOf(error)) ? error : brokenArchive(error);
      }
    },
  });
}

function nameOf({ name }: ArchiveFile, folder: string | undefined): string {
  const parsed = ArtifactName.safeParse(folder === undefined ? name : `${folder}/${name}`);
  if (parsed.success) return parsed.data;
  throw new StepFailure({
    type: 'validation',
    code: 'ARCHIVE_REFUSED',
    title: 'The archive holds what is not unpacked',
    detail: `${JSON.stringify(name.slice(0, 200))} is no name that a stored file may have: nothing of it was unpacked.`,
    certain: true,
  });
}
