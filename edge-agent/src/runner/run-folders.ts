/**
 * The folders of runs: made when a run starts, kept for people to look at, the oldest removed. Where workers are another
 * user, a folder is open to their group as long as its run has a worker here, and to the agent alone afterwards. On Windows
 * it stays open to whoever is signed in: none is kept there.
 *
 * Invariant: the agent makes and gives away nothing in a folder while anybody else can put something there, such as a
 * process that outlived its worker: a link in the place of a folder would be followed with the rights of the agent.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { giveFolder } from '../shared-file.ts';

/** Folders of finished runs that are kept. */
export const FOLDERS_KEPT = 20;
/** What worker hosts may take to empty a folder that is opened to them for it, milliseconds. */
export const EMPTY_MS = 30_000;
/** For the group too. */
const SHARED_MODE = 0o770;
const OWN_MODE = 0o700;

/** Workers of another user. */
export interface FolderSharing {
  /** Removes what they left in the folder of a job, where the agent may not. */
  empty(jobId: string): Promise<void>;
  /** Folders of finished runs that are kept; as many as without sharing when absent. */
  readonly kept?: number | undefined;
}

export class RunFolders {
  readonly #root: string;
  readonly #sharing: FolderSharing | null;
  /** Of runs that have a worker: nobody else closes these. */
  readonly #used = new Set<string>();
  /** Of which somebody has been asked to remove what the agent may not. */
  readonly #emptied = new Set<string>();

  /** @param root with workers of another user, one whose group is theirs */
  constructor(root: string, sharing: FolderSharing | null = null) {
    this.#root = root;
    this.#sharing = sharing;
  }

  /** Makes the folder of a job, with `files/` inside, and answers its path. */
  make(jobId: string): string {
    const folder = join(this.#root, jobId);
    const files = join(folder, 'files');
    this.#used.add(jobId);
    mkdirSync(folder, { recursive: true, mode: OWN_MODE });
    if (!this.#isShared) {
      mkdirSync(files, { recursive: true, mode: OWN_MODE });
      return folder;
    }
    const { gid } = statSync(this.#root);
    giveFolder(folder, gid, SHARED_MODE, () => {
      replaceByFolder(files);
      if (lstatSync(files).uid === process.getuid?.()) giveFolder(files, gid, SHARED_MODE);
    });
    return folder;
  }

  /** At the start: an agent that was killed has closed none. */
  closeAll(): void {
    for (const name of this.#names()) this.close(name);
  }

  /** The run has no worker any more: what it wrote is nobody's business but the agent's. */
  close(jobId: string): void {
    this.#used.delete(jobId);
    if (!this.#isShared) return;
    try {
      chmodSync(join(this.#root, jobId), OWN_MODE);
    } catch {
      // it is gone
    }
  }

  /** Removes all but the newest folders; those of `held` jobs stay. */
  prune(held: ReadonlySet<string>): void {
    const old = this.#names()
      .filter((name) => !held.has(name))
      .map((name) => ({ name, changed: statSync(join(this.#root, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
      .sort((one, other) => other.changed - one.changed)
      .slice(this.#sharing?.kept ?? FOLDERS_KEPT);
    for (const { name } of old) this.#remove(name);
  }

  get #isShared(): boolean {
    return this.#sharing !== null && process.platform !== 'win32';
  }

  #remove(name: string): void {
    if (this.#emptied.has(name) || this.#delete(name) || this.#sharing === null) return;
    const sharing = this.#sharing;
    try {
      if (this.#isShared) chmodSync(join(this.#root, name), SHARED_MODE);
    } catch {
      return;
    }
    // A host that does not answer leaves it open to nobody.
    const closing = (): void => {
      this.#emptied.delete(name);
      if (!this.#used.has(name)) this.close(name);
    };
    this.#emptied.add(name);
    const impatience = setTimeout(closing, EMPTY_MS).unref();
    void sharing.empty(name).then(() => {
      clearTimeout(impatience);
      closing();
      if (!this.#used.has(name)) this.#delete(name);
    });
  }

  #delete(name: string): boolean {
    try {
      rmSync(join(this.#root, name), { recursive: true, force: true });
      return true;
    } catch {
      // somebody still holds a file of it (on Windows often a virus scanner): it goes with a later run
      return false;
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

/** Makes a folder where there is none, also in the place of something else that a job has put there. */
function replaceByFolder(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  if (found !== undefined) unlinkSync(path);
  mkdirSync(path, { mode: OWN_MODE });
}
