/**
 * What lies in a folder, by name. Links are left out: they may lead anywhere.
 *
 * Bounds: entries that are looked at, and levels of folders.
 */
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, matchesGlob } from 'node:path';
import type { FilesEntry } from '@casare/shared/workflow';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { folderIn } from '../run-files.ts';
import { isMissing } from './missing.ts';

/** Entries that one listing looks at. */
const LOOKED_AT = 100_000;
/** Folders within folders. */
const LEVELS = 50;

export interface Listing {
  readonly folder: string | undefined;
  readonly pattern: string | undefined;
  readonly recursive: boolean;
  readonly kind: 'file' | 'folder' | 'any';
}

/**
 * @throws StepFailure FILES_TOO_MANY, FOLDER_NOT_FOUND
 */
export async function entriesOf(context: StepContext, listing: Listing): Promise<FilesEntry[]> {
  const root = await folderIn(context, listing.folder ?? '');
  const found: FilesEntry[] = [];
  let looked = 0;
  const visit = async (below: string, level: number): Promise<void> => {
    context.signal.throwIfAborted();
    const entries = await readdir(join(root, below), { withFileTypes: true });
    entries.sort((one, other) => (one.name < other.name ? -1 : 1));
    for (const entry of entries) {
      looked += 1;
      if (looked > LOOKED_AT || level > LEVELS) throw tooMany();
      const kind = entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : null;
      // What a step is writing at this moment, see `storeFile`.
      if (kind === null || /^\..*\.part$/.test(entry.name)) continue;
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (listing.kind === 'any' || listing.kind === kind) await add(name, kind);
      if (kind === 'folder' && listing.recursive) await visit(name, level + 1);
    }
  };
  const add = async (name: string, kind: FilesEntry['kind']): Promise<void> => {
    if (listing.pattern !== undefined && !matchesGlob(name, listing.pattern)) return;
    const stats = await stat(join(root, name)).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    // Gone between being listed and being looked at.
    if (stats === null) return;
    const bytes = kind === 'file' ? stats.size : 0;
    found.push({ path: pathOf(listing.folder, name), kind, bytes, modifiedAt: stats.mtime.toISOString() });
  };
  await visit('', 1);
  return found;
}

/** As a step may open it: relative to the run's files, or absolute like the folder. */
function pathOf(folder: string | undefined, name: string): string {
  if (folder === undefined || folder === '') return name;
  return isAbsolute(folder) ? join(folder, name) : `${folder.replace(/\/+$/, '')}/${name}`;
}

function tooMany(): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'FILES_TOO_MANY',
    title: 'There are too many files',
    detail: `More than ${LOOKED_AT} entries, or more than ${LEVELS} levels of folders: name a folder further down.`,
    certain: true,
  });
}
