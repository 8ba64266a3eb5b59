/** The folders of runs: made when a run starts, kept for people to look at, the oldest removed. */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Folders of finished runs that are kept. */
export const FOLDERS_KEPT = 20;

export class RunFolders {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Makes the folder of a job, with `files/` inside, and answers its path. */
  make(jobId: string): string {
    const folder = join(this.#root, jobId);
    mkdirSync(join(folder, 'files'), { recursive: true, mode: 0o700 });
    return folder;
  }

  /** Removes all but the newest folders; those of `held` jobs stay. */
  prune(held: ReadonlySet<string>): void {
    const old = this.#names()
      .filter((name) => !held.has(name))
      .map((name) => ({ name, changed: statSync(join(this.#root, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
      .sort((one, other) => other.changed - one.changed)
      .slice(FOLDERS_KEPT);
    for (const { name } of old) this.#remove(name);
  }

  #remove(name: string): void {
    try {
      rmSync(join(this.#root, name), { recursive: true, force: true });
    } catch {
      // somebody still holds a file of it (on Windows often a virus scanner): it goes with a later run
    }
  }

  #names(): string[] {
    try {
      return readdirSync(this.#root);
    } catch {
      return [];
    }
  }
}
