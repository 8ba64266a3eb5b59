/** Files below a folder. One under its final name is complete: it is renamed to it, and the folder flushed. */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { objectPath, type FoundObject, type ObjectRange, type ObjectStore, type SealedFile } from './objects.ts';

export class FileObjects implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(tenant: string, id: string, { path: from }: SealedFile): Promise<void> {
    const file = this.#path(tenant, id);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await rename(from, file);
    const directory = await open(path.dirname(file));
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  async has(tenant: string, id: string): Promise<boolean> {
    return stat(this.#path(tenant, id)).then(
      () => true,
      () => false,
    );
  }

  /** Held open, so that it stays there while it is sent. */
  async read(tenant: string, id: string, range: ObjectRange | null): Promise<FoundObject | null> {
    const handle = await open(this.#path(tenant, id), 'r').catch(nullWhenGone);
    if (handle === null) return null;
    try {
      const { size } = await handle.stat();
      return { bytes: size, content: handle.createReadStream(range ?? {}) };
    } catch (error) {
      await handle.close().catch(() => undefined);
      throw error;
    }
  }

  async remove(tenant: string, id: string): Promise<void> {
    await rm(this.#path(tenant, id), { force: true });
  }

  async removeTenant(tenant: string): Promise<number> {
    const files = await this.countOf(tenant);
    await rm(path.join(this.#root, tenant), { recursive: true, force: true });
    return files;
  }

  async countOf(tenant: string): Promise<number> {
    const options = { recursive: true, withFileTypes: true } as const;
    const found = await readdir(path.join(this.#root, tenant), options).catch(nullWhenGone);
    return found?.filter((entry) => !entry.isDirectory()).length ?? 0;
  }

  #path(tenant: string, id: string): string {
    return path.join(this.#root, objectPath(tenant, id));
  }
}

function nullWhenGone(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}
