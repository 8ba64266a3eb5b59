/** What every package of ours has below `/usr/share/doc`, and where the files lie that are kept as they are. */
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** Of which package. */
export interface Documented {
  readonly name: string;
  readonly version: string;
  readonly at: Date;
}

/** Every Debian has the text of the licence; the tarball has it beside its `install.sh`. */
const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Casare

Files: *
Copyright: 2026 the authors of Casare
License: Apache-2.0
 The full text is in /usr/share/common-licenses/Apache-2.0.
Comment: What other software is in this package, and under which terms, stands in
`;

/** The terms, the changes, and pages of `docs/install`. */
export async function addDocuments(
  root: string,
  tree: string,
  { name, version, at }: Documented,
  pages: readonly string[],
): Promise<void> {
  const folder = path.join(tree, 'usr/share/doc', name);
  await mkdir(folder, { recursive: true });
  for (const page of pages) await copyFile(path.join(root, 'docs/install', page), path.join(folder, page));
  await writeFile(path.join(folder, 'copyright'), `${COPYRIGHT} /usr/lib/${name}/THIRD-PARTY-NOTICES.txt.\n`);
  // Debian's form for tools; what people read is the other.
  const entry = `${name} (${version}) stable; urgency=medium\n\n  * What changed stands in CHANGELOG.md.gz.\n\n`;
  const time = at.toUTCString().replace('GMT', '+0000');
  await writeZipped(path.join(folder, 'changelog.gz'), `${entry} -- Casare <packages@casare.example>  ${time}\n`);
  const changes = await readFile(path.join(root, 'CHANGELOG.md'), 'utf8');
  await writeZipped(path.join(folder, 'CHANGELOG.md.gz'), changes);
  for (const file of await readdir(folder)) await chmod(path.join(folder, file), 0o644);
}

async function writeZipped(file: string, text: string): Promise<void> {
  const zipped = gzipSync(text, { level: 9 });
  // zlib names the system it ran on.
  zipped[9] = 3;
  await writeFile(file, zipped);
}

/** The folder of a package's scripts and files, whether this runs from the sources or built. */
export function sources(...of: string[]): string {
  return path.join(import.meta.dirname.replace(/([\\/])dist([\\/])linux$/, '$1linux'), ...of);
}
