/**
 * What `package-lock.json` says about packages: where each is installed, in which version, with which digest, and what
 * it needs at run time. The lock is the only source of truth about what goes into a package of ours; the folders of
 * `node_modules` are looked at for their files only.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BuildFault } from '../fault.ts';
import { runsOn, type Target } from './target.ts';

/** Packages write one name without a list, too. */
const listSchema = z.union([z.array(z.string()), z.string().transform((name) => [name])]);

const entrySchema = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  license: z.string().optional(),
  link: z.boolean().optional(),
  os: listSchema.optional(),
  cpu: listSchema.optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lockSchema = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), entrySchema) });

export type Lock = Readonly<Record<string, z.infer<typeof entrySchema>>>;

/** One installed package: its place below the checkout and what the lock says about it. */
export interface Locked {
  readonly place: string;
  readonly name: string;
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
}

/** @throws BuildFault where the file is not a lock of the kind that npm 7 and later write. */
export async function readLock(root: string): Promise<Lock> {
  const text = await readFile(path.join(root, 'package-lock.json'), 'utf8');
  const lock = lockSchema.safeParse(JSON.parse(text));
  if (!lock.success) {
    throw new BuildFault('LOCK_UNREADABLE', `package-lock.json is not understood: ${z.prettifyError(lock.error)}`);
  }
  return lock.data.packages;
}

/**
 * Where `name` is installed for code in the folder `from`, by Node's rule: the nearest `node_modules` above. A
 * workspace is its folder, not the link to it.
 */
export function placeOf(lock: Lock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/')) : '') {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const entry = lock[place];
    if (entry !== undefined) return entry.link === true ? entry.resolved : place;
    if (folder === '') return undefined;
  }
}

/** What the lock says of the package at a place. */
export function lockedAt(lock: Lock, place: string): Locked {
  const entry = lock[place];
  if (entry?.version === undefined) {
    throw new BuildFault(
      'NOT_IN_LOCK',
      `${place} is not in package-lock.json: run \`npm install\` and commit the lock`,
    );
  }
  const { version, integrity, license } = entry;
  const name = entry.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return { place, name, version, ...(integrity && { integrity }), ...(license && { license }) };
}

/**
 * The packages that code at `from` needs to run on the target when it asks for `names`: they and what they depend on,
 * sorted by place. Optional ones of other machines are left out, and those in `without`.
 */
export function closureOf(
  lock: Lock,
  target: Target,
  from: string,
  names: readonly string[],
  without: readonly string[] = [],
): readonly Locked[] {
  const found = new Set<string>();
  const open = names.map((name) => ({ from, name, optional: false }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (without.includes(next.name)) continue;
    const place = placeOf(lock, next.from, next.name);
    const entry = place === undefined ? undefined : lock[place];
    if (place === undefined || entry === undefined) {
      if (next.optional) continue;
      throw new BuildFault(
        'NOT_IN_LOCK',
        `${next.name}, needed by ${next.from}, is not in package-lock.json: run \`npm install\` and commit the lock`,
      );
    }
    if (found.has(place) || (next.optional && !runsOn(target, entry))) continue;
    found.add(place);
    // npm lists an optional dependency in both.
    const optional = entry.optionalDependencies ?? {};
    for (const name of Object.keys(entry.dependencies ?? {}))
      open.push({ from: place, name, optional: name in optional });
    for (const name of Object.keys(optional)) open.push({ from: place, name, optional: true });
  }
  return [...found].sort().map((place) => lockedAt(lock, place));
}
