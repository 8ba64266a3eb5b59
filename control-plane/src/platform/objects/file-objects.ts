/** Files below a folder. One under its final name is complete: it is renamed to it, and the folder flushed. */
import type { Stats } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import {
  objectPath,
  readObjectPath,
  type FoundObject,
  type ListedObject,
  type ObjectPage,
  type ObjectRange,
  type ObjectStore,
  type SealedFile,
} from './objects.ts';

/** In a page of a list: a folder that was begun is listed whole. */
const PAGE = 1_000;
/** What stands beside a file while it comes. */
const PARTS = '.parts';

export class FileObjects implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(tenant: string, id: string, { path: from }: SealedFile): Promise<void> {
    const file = this.#path(tenant, id);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    // Lists tell when it was put, not when its last byte came.
    const now = new Date();
    await utimes(from, now, now);
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

  async list(from: string | null): Promise<ObjectPage> {
    const objects: ListedObject[] = [];
    for (const tenant of await namesIn(this.#root)) {
      if (from !== null && tenant < from.split('/', 1)[0]!) continue;
      for (const folder of await namesIn(path.join(this.#root, tenant))) {
        const place = `${tenant}/${folder}`;
        if (from !== null && place < from) continue;
        if (objects.length >= PAGE) return { objects, next: place };
        for (const name of await namesIn(path.join(this.#root, place))) {
          const found = await this.#listed(`${place}/${name}`);
          if (found !== null) objects.push(found);
        }
      }
    }
    return { objects, next: null };
  }

  /** Null for what is not ours, or has gone meanwhile. */
  async #listed(name: string): Promise<ListedObject | null> {
    const unfinished = name.endsWith(PARTS);
    const of = readObjectPath(unfinished ? name.slice(0, -PARTS.length) : name);
    if (of === null) return null;
    const file = path.join(this.#root, name);
    const parts = unfinished ? (await namesIn(file)).map((part) => path.join(file, part)) : [];
    const found = (await Promise.all([file, ...parts].map(statOf))).filter((one) => one !== null);
    if (found.length === 0) return null;
    const bytes = found.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
    const at = new Date(Math.max(...found.map((one) => one.mtimeMs)));
    return { ...of, bytes, at, ...(unfinished ? { unfinished } : {}) };
  }

  #path(tenant: string, id: string): string {
    return path.join(this.#root, objectPath(tenant, id));
  }
}

function nullWhenGone(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}

/** In order; none where there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    return nullWhenGone(error);
  });
  return (names ?? []).sort();
}

async function statOf(file: string): Promise<Stats | null> {
  return stat(file).catch(nullWhenGone);
}
