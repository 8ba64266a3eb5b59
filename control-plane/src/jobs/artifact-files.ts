/**
 * The bytes of artifacts. Uploads are staged on the disk, in `<root>/<tenant>/<last two hex digits>/<id>.parts`, and are
 * continued there by offset. What is complete, hashed and flushed is kept on the same disk, or in a bucket where there is
 * one: then it is put there with its checksum before anybody is told that it is stored, and its parts go.
 *
 * What is on the disk is read from it, also after a bucket was set up; what is not there is looked for in the bucket.
 *
 * Replicas share the disk, and one that was cut off may still hold a file open when another one goes on with it. So each
 * upload writes a file of its own: it begins with a copy of what is there, and what a stale one still writes is nobody's.
 */
import { createHash, randomUUID, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { FileObjects } from '../platform/objects/file-objects.ts';
import {
  objectPath,
  type FoundObject,
  type ObjectPage,
  type ObjectRange,
  type ObjectStore,
  type SentAs,
} from '../platform/objects/objects.ts';

/** A part being written, in order. */
export interface PartFile {
  readonly path: string;
  /** Bytes that are there. */
  readonly size: number;
  write(payload: Uint8Array): Promise<void>;
  /** Flushes and gives the SHA-256 (hex) of everything written. */
  seal(): Promise<string>;
  close(): Promise<void>;
}

/** A bucket that others may keep files in too. */
export interface Bucket extends ObjectStore {
  keepers(mine: string): Promise<string[]>;
  addressOf(tenant: string, id: string, as: SentAs): Promise<string | null>;
}

/** Where a complete file may be. */
export type Place = 'disk' | 'bucket';

export class ArtifactFiles {
  readonly #root: string;
  readonly #disk: ObjectStore;
  readonly #bucket: Bucket | null;

  /** `bucket`: where new files are kept; null: on the disk below `root`. */
  constructor(root: string, bucket: Bucket | null = null) {
    this.#root = root;
    this.#disk = new FileObjects(root);
    this.#bucket = bucket;
  }

  /** Begins a part of an artifact with the longest that is there; one longer than `bytes` is left out. */
  async openPart(tenant: string, id: string, bytes: number): Promise<PartFile> {
    const folder = this.#parts(tenant, id);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const left = await partsIn(folder);
    const best = left.filter(({ size }) => size <= bytes).sort((a, b) => b.size - a.size)[0];
    const file = path.join(folder, randomUUID());
    const part = new OpenPart(file, await open(file, 'ax', 0o600));
    try {
      if (best) for await (const chunk of createReadStream(best.file)) await part.write(chunk as Buffer);
    } catch (error) {
      await part.close();
      throw error;
    }
    await Promise.all(left.map((other) => rm(other.file, { force: true })));
    return part;
  }

  /** Keeps a sealed part under the artifact's id; other parts of it go. */
  async publish(tenant: string, id: string, part: PartFile, sha256: string): Promise<void> {
    const file = { path: part.path, bytes: part.size, sha256 };
    await (this.#bucket ?? this.#disk).put(tenant, id, file);
    await this.removeParts(tenant, id);
  }

  /** Removes an artifact's bytes, parts and whole. */
  async remove(tenant: string, id: string): Promise<void> {
    for (const place of this.#places()) await place.remove(tenant, id);
    await this.removeParts(tenant, id);
  }

  /** Removes what uploads left unfinished. */
  async removeParts(tenant: string, id: string): Promise<void> {
    await rm(this.#parts(tenant, id), { recursive: true, force: true });
  }

  /** True when the complete file is there. */
  async has(tenant: string, id: string): Promise<boolean> {
    for (const place of this.#places()) if (await place.has(tenant, id)) return true;
    return false;
  }

  /** The complete file, or a range of it; null when it is nowhere. */
  async read(tenant: string, id: string, range: ObjectRange | null = null): Promise<FoundObject | null> {
    for (const place of this.#places()) {
      const found = await place.read(tenant, id, range);
      if (found !== null) return found;
    }
    return null;
  }

  /** Where the complete file is fetched from without us, for a minute; null where it is not in a bucket, or that is not allowed. */
  async addressOf(tenant: string, id: string, as: SentAs): Promise<string | null> {
    const bucket = this.#bucket;
    const address = (await bucket?.addressOf(tenant, id, as)) ?? null;
    if (bucket === null || address === null || (await this.#disk.has(tenant, id))) return null;
    return (await bucket.has(tenant, id)) ? address : null;
  }

  /** Removes all of a tenant, or a good part of it; how many files there were. Asked again until there is none. */
  async removeTenant(tenant: string): Promise<number> {
    let removed = 0;
    for (const place of this.#places()) removed += await place.removeTenant(tenant);
    return removed;
  }

  /** How many files there are of a tenant, unfinished ones too. */
  async countOf(tenant: string): Promise<number> {
    let files = 0;
    for (const place of this.#places()) files += await place.countOf(tenant);
    return files;
  }

  /** Where files may be, in the order in which they are looked for. */
  get places(): readonly Place[] {
    return this.#bucket === null ? ['disk'] : ['disk', 'bucket'];
  }

  /** See `ObjectStore.list`. */
  list(place: Place, from: string | null): Promise<ObjectPage> {
    return (place === 'disk' ? this.#disk : this.#bucket!).list(from);
  }

  /** Who keeps files in the bucket, besides `mine`, whose name is left there. */
  async otherKeepers(mine: string): Promise<string[]> {
    return ((await this.#bucket?.keepers(mine)) ?? []).filter((name) => name !== mine);
  }

  /** Where a complete file stands that is on the disk, for backups. */
  pathOf(tenant: string, id: string): string {
    return path.join(this.#root, objectPath(tenant, id));
  }

  /** In the order in which a file is looked for: the disk answers at once. */
  #places(): readonly ObjectStore[] {
    return this.#bucket === null ? [this.#disk] : [this.#disk, this.#bucket];
  }

  #parts(tenant: string, id: string): string {
    return `${this.pathOf(tenant, id)}.parts`;
  }
}

class OpenPart implements PartFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #size = 0;

  constructor(file: string, handle: FileHandle) {
    this.path = file;
    this.#handle = handle;
  }

  get size(): number {
    return this.#size;
  }

  async write(payload: Uint8Array): Promise<void> {
    await this.#handle.appendFile(payload);
    this.#hash.update(payload);
    this.#size += payload.byteLength;
  }

  async seal(): Promise<string> {
    await this.#handle.sync();
    return this.#hash.digest('hex');
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function partsIn(folder: string): Promise<{ file: string; size: number }[]> {
  const files = (await readdir(folder)).map((name) => path.join(folder, name));
  const found = await Promise.all(files.map(async (file) => ({ file, size: await sizeOf(file) })));
  return found.filter((part): part is { file: string; size: number } => part.size !== null);
}

/** Null when another replica has removed it. */
async function sizeOf(file: string): Promise<number | null> {
  return stat(file).then(
    (found) => found.size,
    () => null,
  );
}
