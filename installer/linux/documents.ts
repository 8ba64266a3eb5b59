/** What every package of ours has below `/usr/share/doc`, and where the files lie that are kept as they are. */
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** The licence, the changes, and pages of `docs/install`. */
export async function addDocuments(root: string, tree: string, name: string, pages: readonly string[]): Promise<void> {
  const folder = path.join(tree, 'usr/share/doc', name);
  await mkdir(folder, { recursive: true });
  for (const page of pages) await copyFile(path.join(root, 'docs/install', page), path.join(folder, page));
  const licence = await readFile(path.join(root, 'LICENSE'), 'utf8');
  const about = 'What other software is in this package, and under which terms, stands in THIRD-PARTY-NOTICES.txt.\n\n';
  await writeFile(path.join(folder, 'copyright'), about + licence);
  const changes = gzipSync(await readFile(path.join(root, 'CHANGELOG.md')), { level: 9 });
  // zlib names the system it ran on.
  changes[9] = 3;
  await writeFile(path.join(folder, 'changelog.gz'), changes);
  for (const file of await readdir(folder)) await chmod(path.join(folder, file), 0o644);
}

/** The folder of a package's scripts and files, whether this runs from the sources or built. */
export function sources(...of: string[]): string {
  return path.join(import.meta.dirname.replace(/([\\/])dist([\\/])linux$/, '$1linux'), ...of);
}
