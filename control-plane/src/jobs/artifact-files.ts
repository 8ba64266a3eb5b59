/**
 * The bytes of artifacts on disk: `<root>/<tenant>/<last two hex digits>/<id>`. A file under its final name is complete,
 * hashed and flushed. In `<id>.parts` is what uploads left; it is continued by offset.
 *
 * Replicas share the disk, and one that was cut off may still hold a file open when another one goes on with it. So each
 * upload writes a file of its own: it begins with a copy of what is there, and what a stale one still writes is nobody's.
 */
import { createHash, randomUUID, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

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

const PARTS = '.parts';

export class ArtifactFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Begins a part of an artifact with the longest that is there; one longer than `bytes` is left out. */
  async openPart(tenant: string, id: string, bytes: number): Promise<PartFile> {
    const folder = this.#path(tenant, id, PARTS);
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

  /** Gives a sealed part its final name; other parts of the artifact go. */
  async publish(tenant: string, id: string, part: PartFile): Promise<void> {
    const file = this.#path(tenant, id);
    await rename(part.path, file);
    await this.removeParts(tenant, id);
    const directory = await open(path.dirname(file));
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  /** Removes an artifact's bytes, parts and whole. */
  async remove(tenant: string, id: string): Promise<void> {
    await rm(this.#path(tenant, id), { force: true });
    await this.removeParts(tenant, id);
  }

  /** Removes what uploads left unfinished. */
  async removeParts(tenant: string, id: string): Promise<void> {
    await rm(this.#path(tenant, id, PARTS), { recursive: true, force: true });
  }

  /** True when the complete file is there. */
  async has(tenant: string, id: string): Promise<boolean> {
    return exists(this.#path(tenant, id));
  }

  /** Removes all of a tenant; how many files there were. */
  async removeTenant(tenant: string): Promise<number> {
    const files = await this.countOf(tenant);
    await rm(path.join(this.#root, tenant), { recursive: true, force: true });
    return files;
  }

  /** How many files there are of a tenant, unfinished ones too. */
  async countOf(tenant: string): Promise<number> {
    try {
      const found = await readdir(path.join(this.#root, tenant), { recursive: true, withFileTypes: true });
      return found.filter((entry) => !entry.isDirectory()).length;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  }

  /** Path of the complete file, for sending. */
  pathOf(tenant: string, id: string): string {
    return this.#path(tenant, id);
  }

  /** In lower case, as the database gives ids back. */
  #path(tenant: string, id: string, suffix = ''): string {
    const name = id.toLowerCase();
    return path.join(this.#root, tenant, name.slice(-2), `${name}${suffix}`);
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

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
