/**
 * Copies packages from `node_modules` as they are used in production: no sources of tests, no documents, no types, no maps.
 * Licences always come along. The same packages give the same files.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { BuildFault } from '../fault.ts';
import { fetchedPackage } from './fetched-package.ts';
import type { Locked } from './lockfile.ts';
import type { Part } from './parts.ts';

/** Folders at the top of a package that it does not need to run; below, `types` or `doc` may be of its code. */
const FOLDERS = /^(tests?|__tests__|docs?|examples?|benchmarks?|coverage|\.github|\.vscode|types)$/i;
/** Files that none needs: for people, for compilers, for debuggers. */
const FILES =
  /(\.(md|markdown|map|[mc]?ts|flow|tsbuildinfo|yml|yaml|lock|c|cc|h|hh|S|asm|inc|gyp)|^\..*|^(Makefile|karma\.conf\.js))$/i;
const LICENCE = /^(licen[cs]e|copying|notice|third-?party-?notices?|copyright)/i;

/** Copies each package to the place that it has in the checkout, below `out`. */
export async function copyPackages(
  root: string,
  out: string,
  packages: readonly Locked[],
  parts: readonly Part[],
): Promise<void> {
  for (const one of packages) {
    const { place, name } = one;
    const keep = parts.find((part) => part.name === name)?.keep;
    const folder = await packageFolder(root, one);
    const files = (await filesBelow(folder)).filter((file) => wanted(file, keep));
    requireAll(name, keep, files);
    for (const file of files) await copyInto(path.join(folder, file), path.join(out, place, file));
  }
}

/** Where a package lies: installed, or fetched if it is of another machine. */
export async function packageFolder(root: string, locked: Locked): Promise<string> {
  const installed = path.join(root, locked.place);
  return existsSync(path.join(installed, 'package.json')) ? installed : fetchedPackage(root, locked);
}

/** The files with a licence's text in a package's own folder. */
export async function licenceFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && LICENCE.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

/** All files below a folder, by paths with `/`, sorted. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

/** Copies a file, with the folders above it; the copy may be written by its owner only. */
export async function copyInto(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  await copyFile(from, to);
}

function wanted(file: string, keep: readonly string[] | undefined): boolean {
  const folders = file.split('/');
  const name = folders.pop()!;
  if (file === 'package.json' || (folders.length === 0 && LICENCE.test(name))) return true;
  if (FOLDERS.test(folders[0] ?? '') || folders.includes('node_modules') || FILES.test(name)) return false;
  return keep === undefined || keep.some((what) => (what.endsWith('/') ? file.startsWith(what) : file === what));
}

/** A package that has moved its files is noticed here, not on a customer's machine. */
function requireAll(name: string, keep: readonly string[] | undefined, files: readonly string[]): void {
  const missing = keep?.filter((what) => !files.some((file) => file === what || file.startsWith(what))) ?? [];
  if (missing.length === 0) return;
  throw new BuildFault(
    'PART_CHANGED',
    `${name} has no ${missing.join(', ')} any more: say in installer/bundle/parts.ts what the agent needs of it`,
  );
}
