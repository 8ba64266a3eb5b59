/**
 * The bytes of artifacts on disk: `<root>/<tenant>/<first two hex digits>/<id>`. A file under its final name is
 * complete, hashed and flushed; a `.part` is what an interrupted upload left and is continued by offset.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** A part being written, in order. */
export interface PartFile {
  /** Bytes that are there. */
  readonly size: number;
  write(payload: Uint8Array): Promise<void>;
  /** Flushes and gives the SHA-256 (hex) of everything written. */
  seal(): Promise<string>;
  close(): Promise<void>;
}

export class ArtifactFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Opens the part of an artifact, at the end of what is there; a part longer than `bytes` is begun anew. */
  async openPart(tenant: string, id: string, bytes: number): Promise<PartFile> {
    const file = this.#path(tenant, id, '.part');
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const there = await sizeOf(file);
    if (there > bytes) await rm(file, { force: true });
    const handle = await open(file, 'a', 0o600);
    const hash = createHash('sha256');
    const size = there > bytes ? 0 : there;
    if (size > 0) for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
    return part(handle, hash, size);
  }

  /** Gives a sealed part its final name. */
  async publish(tenant: string, id: string): Promise<void> {
    const file = this.#path(tenant, id);
    await rename(this.#path(tenant, id, '.part'), file);
    const directory = await open(path.dirname(file));
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  /** Removes an artifact's bytes, part or whole. */
  async remove(tenant: string, id: string): Promise<void> {
    await rm(this.#path(tenant, id), { force: true });
    await rm(this.#path(tenant, id, '.part'), { force: true });
  }

  /** Removes what an upload left unfinished. */
  async removePart(tenant: string, id: string): Promise<void> {
    await rm(this.#path(tenant, id, '.part'), { force: true });
  }

  /** True when the complete file is there. */
  async has(tenant: string, id: string): Promise<boolean> {
    return exists(this.#path(tenant, id));
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

function part(handle: FileHandle, hash: Hash, size: number): PartFile {
  let written = size;
  return {
    get size() {
      return written;
    },
    async write(payload) {
      await handle.appendFile(payload);
      hash.update(payload);
      written += payload.byteLength;
    },
    async seal() {
      await handle.sync();
      return hash.digest('hex');
    },
    close: () => handle.close(),
  };
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    (found) => found.size,
    () => 0,
  );
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
