/**
 * A ZIP archive of a stranger. What stands in its directory is read first and judged as a whole; only then is anything
 * unpacked, and never more than the directory said.
 *
 * Bounds: entries, and bytes of all entries together, which the library holds each entry to while it is unpacked.
 */
import type { Readable } from 'node:stream';
import { type Entry, fromFdPromise, type ZipFile } from 'yauzl';
import { StepFailure } from '../../engine/index.ts';
import { folded } from '../../windows/index.ts';
import type { OpenFile } from '../run-files.ts';

/** A file of an archive. */
export interface ArchiveFile {
  /** Relative, forward slashes, without `..`. */
  readonly name: string;
  readonly bytes: number;
  read(): Promise<Readable>;
}

export interface ArchiveBounds {
  readonly entries: number;
  readonly bytes: number;
}

const FILE_TYPE = 0o170000;
const LINK = 0o120000;
const UNIX = 3;

/**
 * The files of an archive, folders left out. Names that would be one file on this machine are refused: one would replace
 * the other.
 *
 * @throws StepFailure ARCHIVE_BROKEN, ARCHIVE_TOO_LARGE, ARCHIVE_REFUSED
 */
export async function filesOfArchive(
  file: Pick<OpenFile, 'handle'>,
  bounds: ArchiveBounds,
  platform = process.platform,
): Promise<ArchiveFile[]> {
  const archive = await directoryOf(file);
  if (archive.entryCount > bounds.entries) throw tooLarge(`it has more than ${bounds.entries} entries`);
  const files = new Map<string, ArchiveFile>();
  let bytes = 0;
  for await (const entry of entriesOf(archive)) {
    if (entry.fileName.endsWith('/')) continue;
    judge(entry);
    const key = platform === 'win32' ? folded(entry.fileName) : entry.fileName;
    const twin = files.get(key)?.name;
    if (twin !== undefined) throw refused(twice(entry, twin));
    bytes += entry.uncompressedSize;
    if (bytes > bounds.bytes) throw tooLarge(`its files have more than ${bounds.bytes} bytes together`);
    files.set(key, {
      name: entry.fileName,
      bytes: entry.uncompressedSize,
      read: () => archive.openReadStreamPromise(entry),
    });
  }
  return [...files.values()];
}

/** What went wrong while an entry was unpacked: the archive lies about itself. */
export function brokenArchive(error: unknown): StepFailure {
  const why = error instanceof Error ? error.message.slice(0, 300) : 'it cannot be read';
  return new StepFailure({
    type: 'validation',
    code: 'ARCHIVE_BROKEN',
    title: 'The file is no ZIP archive, or a broken one',
    detail: `${why}: get it anew.`,
    certain: true,
  });
}

async function directoryOf(file: Pick<OpenFile, 'handle'>): Promise<ZipFile> {
  try {
    return await fromFdPromise(file.handle.fd, { lazyEntries: true, autoClose: false, strictFileNames: false });
  } catch (error) {
    throw brokenArchive(error);
  }
}

/** The library refuses absolute names and those with `..` while it reads. */
async function* entriesOf(archive: ZipFile): AsyncGenerator<Entry> {
  const entries = archive.eachEntry();
  for (;;) {
    let next: IteratorResult<Entry>;
    try {
      next = await entries.next();
    } catch (error) {
      const message = error instanceof Error ? error.message : '';
      if (/^(absolute path|invalid relative path|invalid characters in fileName)/.test(message)) throw refused(message);
      throw brokenArchive(error);
    }
    if (next.done === true) return;
    yield next.value;
  }
}

function judge(entry: Entry): void {
  if (entry.isEncrypted()) throw refused(`${shown(entry)} is encrypted`);
  if (!entry.canDecodeFileData()) throw refused(`${shown(entry)} is packed in a way that is not known`);
  const isUnix = entry.versionMadeBy >>> 8 === UNIX;
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE;
  if (isUnix && type === LINK) throw refused(`${shown(entry)} is a link`);
}

function twice(entry: Entry, twin: string): string {
  if (twin === entry.fileName) return `it has the name ${shown(entry)} twice`;
  return `${shown(entry)} and ${inQuotes(twin)} are one file on Windows`;
}

function shown(entry: Entry): string {
  return inQuotes(entry.fileName);
}

function inQuotes(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}

function refused(why: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'ARCHIVE_REFUSED',
    title: 'The archive holds what is not unpacked',
    detail: `${why.slice(0, 500)}: nothing of it was unpacked.`,
    certain: true,
  });
}

function tooLarge(why: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'ARCHIVE_TOO_LARGE',
    title: 'The archive holds more than may be unpacked',
    detail: `By its own directory ${why}: nothing of it was unpacked.`,
    certain: true,
  });
}
