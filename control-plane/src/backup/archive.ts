/**
 * The archive of a backup: a zip (yazl, yauzl), sealed under a key of its own. It is written and read as a stream, and any
 * file of it can be read by itself.
 *
 * Invariants: it is whole under its name, or not there; the manifest is its last file and names the digest of each other.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fromRandomAccessReader, RandomAccessReader, type Entry, type ZipFile } from 'yauzl';
import { zipOf } from '../jobs/index.ts';
import { Fault } from '../platform/errors.ts';
import { lineOfFile, Manifest, MANIFEST, MANIFEST_MOST, type ArchiveFile } from './manifest.ts';
import { SealedFile, SealedFileError, SealStream } from './sealed-stream.ts';

/** A file that goes in. */
export interface FileToArchive {
  readonly name: string;
  readonly content: Readable;
}

/** Writes an archive that must not exist yet, 0600. */
export async function writeArchive(
  file: string,
  { key, id }: { readonly key: Uint8Array; readonly id: string },
  files: AsyncIterable<FileToArchive>,
  now: Date,
): Promise<void> {
  const partial = `${file}.partial`;
  const handle = await open(partial, 'wx', 0o600);
  try {
    const packed = (async function* () {
      for await (const { name, content } of files) yield { name, content, packed: false };
    })();
    const target = createWriteStream('', { fd: handle.fd, autoClose: false });
    await pipeline(zipOf(packed, now), new SealStream(key, Buffer.from(id, 'hex')), target);
    await handle.sync();
    await handle.close();
    await rename(partial, file);
    const folder = await open(path.dirname(file));
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

/** Its bytes, told to `seen` with their digest once they have all passed. */
export function digested(name: string, content: Readable, seen: (file: ArchiveFile) => void): Readable {
  const hash = createHash('sha256');
  let bytes = 0;
  const passing = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    seen({ name, bytes, sha256: hash.digest('hex') });
  };
  return Readable.from(passing(), { objectMode: false });
}

/** An archive that opened and has a manifest. */
export class Archive {
  readonly manifest: Manifest;
  readonly #file: string;
  readonly #sealed: SealedFile;

  private constructor(file: string, sealed: SealedFile, manifest: Manifest) {
    this.#file = file;
    this.#sealed = sealed;
    this.manifest = manifest;
  }

  /** @throws Fault BACKUP_BROKEN */
  static async open(file: string, key: Uint8Array): Promise<Archive> {
    const sealed = await faulty(file, () => SealedFile.open(file, key));
    try {
      const manifest = await faulty(file, async () => {
        for await (const { name, bytes, open } of entriesOf(sealed)) {
          if (name === MANIFEST && bytes <= MANIFEST_MOST) {
            return Manifest.parse(JSON.parse((await open().then(all)).toString('utf8')));
          }
        }
        throw new Error('it has no manifest');
      });
      return new Archive(file, sealed, manifest);
    } catch (error) {
      await sealed.close();
      throw error;
    }
  }

  /** The files but the manifest, in their order; what is not read of one is passed over. @throws Fault BACKUP_BROKEN */
  async *files(): AsyncGenerator<{ readonly name: string; readonly bytes: number; open: () => Promise<Readable> }> {
    for await (const entry of entriesOf(this.#sealed)) if (entry.name !== MANIFEST) yield entry;
  }

  /** Reads everything and compares every digest. `progress`: bytes so far. @throws Fault BACKUP_BROKEN */
  async verify(progress: (bytes: number) => void = () => undefined): Promise<void> {
    const { manifest } = this;
    const wanted = new Map(manifest.files.map((file) => [file.name, file]));
    const artifacts = { hash: createHash('sha256'), count: 0, bytes: 0 };
    let bytes = 0;
    await faulty(this.#file, async () => {
      for await (const { name, open } of this.files()) {
        const found = await measured(name, await open());
        bytes += found.bytes;
        progress(bytes);
        if (name.startsWith(ARTIFACTS)) {
          artifacts.hash.update(lineOfFile(found));
          artifacts.count += 1;
          artifacts.bytes += found.bytes;
        } else {
          const file = wanted.get(name);
          if (file?.sha256 !== found.sha256 || file.bytes !== found.bytes)
            throw new Error(`${name} is not what was written`);
          wanted.delete(name);
        }
      }
      if (wanted.size > 0) throw new Error(`${[...wanted.keys()][0]} is missing`);
      const said = manifest.artifacts ?? { count: 0, bytes: 0, sha256: createHash('sha256').digest('hex') };
      if (
        said.sha256 !== artifacts.hash.digest('hex') ||
        said.count !== artifacts.count ||
        said.bytes !== artifacts.bytes
      ) {
        throw new Error('its artifacts are not those that were written');
      }
    });
  }

  close(): Promise<void> {
    return this.#sealed.close();
  }
}

/** Where artifacts are in an archive: `artifacts/<tenant>/<id>`. */
export const ARTIFACTS = 'artifacts/';
/** Where tables are: `tables/<name>.copy`. */
export const nameOfTable = (table: string): string => `tables/${table}.copy`;

interface ArchiveEntry {
  readonly name: string;
  readonly bytes: number;
  open: () => Promise<Readable>;
}

async function* entriesOf(sealed: SealedFile): AsyncGenerator<ArchiveEntry> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    const options = { lazyEntries: true, autoClose: false, strictFileNames: true };
    fromRandomAccessReader(new SealedReader(sealed), sealed.size, options, (error, opened) =>
      error === null ? resolve(opened) : reject(error),
    );
  });
  for (;;) {
    const entry = await new Promise<Entry | null>((resolve, reject) => {
      zip
        .once('entry', resolve)
        .once('end', () => resolve(null))
        .once('error', reject);
      zip.readEntry();
    }).finally(() => zip.removeAllListeners());
    if (entry === null) return;
    const open = (): Promise<Readable> =>
      new Promise((resolve, reject) => {
        zip.openReadStream(entry, (error, stream) => (error === null ? resolve(stream) : reject(error)));
      });
    yield { name: entry.fileName, bytes: entry.uncompressedSize, open };
  }
}

/** yauzl's way into a sealed file. */
class SealedReader extends RandomAccessReader {
  readonly #sealed: SealedFile;

  constructor(sealed: SealedFile) {
    super();
    this.#sealed = sealed;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const sealed = this.#sealed;
    const pieces = async function* (): AsyncGenerator<Buffer> {
      for (let at = start; at < end;) {
        const piece = await sealed.read(at, end - at);
        if (piece.length === 0) throw new SealedFileError('it was cut off');
        yield piece;
        at += piece.length;
      }
    };
    return Readable.from(pieces(), { objectMode: false });
  }
}

async function measured(name: string, content: Readable): Promise<ArchiveFile> {
  let measure: ArchiveFile | undefined;
  for await (const chunk of digested(name, content, (file) => (measure = file))) void chunk;
  return measure!;
}

async function all(content: Readable): Promise<Buffer> {
  return Buffer.concat((await content.toArray()) as Buffer[]);
}

async function faulty<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw absent(file);
    throw new Fault({
      code: 'BACKUP_BROKEN',
      what: `The backup ${file} cannot be used`,
      why: cause instanceof Error ? cause.message : String(cause),
      fix: 'Take another copy of it, or an older backup; nothing was restored',
      cause,
    });
  }
}

/** @throws Fault FILE_UNREADABLE */
export function absent(file: string): Fault {
  return new Fault({
    code: 'FILE_UNREADABLE',
    what: `${file} cannot be read`,
    why: 'there is none',
    fix: 'Check the path',
  });
}
