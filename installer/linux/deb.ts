/**
 * A folder as a Debian package, by dpkg-deb: what is in the folder, the scripts of the maintainer, and sums of every file.
 * The same folder gives the same bytes: owners are root, names are sorted, no time is later than the one that is given,
 * and the compressor has one thread, since what several make depends on how many there were.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, cp, lutimes, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { BuildFault } from '../fault.ts';

const run = promisify(execFile);
const BUILD_MS = 15 * 60_000;

export interface Deb {
  readonly name: string;
  readonly version: string;
  /** One line, and a paragraph. */
  readonly summary: string;
  readonly description: string;
  readonly depends: readonly string[];
  /** Folder of `postinst`, `prerm` and their like, and of the `templates` of questions. */
  readonly scripts: string;
  /** The package's files as they will lie below `/`. The package takes `DEBIAN/` in it. */
  readonly tree: string;
  /** Where the package is written. */
  readonly out: string;
  readonly at: Date;
  /** For trials: hardly compressed, in a fraction of the time. */
  readonly quick?: boolean | undefined;
}

/** Builds it, and answers the path of the package. Throws a BuildFault DEB_FAILED. */
export async function buildDeb(deb: Deb): Promise<string> {
  const meta = path.join(deb.tree, 'DEBIAN');
  const { sums, bytes } = await sumsOf(deb.tree);
  await mkdir(meta, { recursive: true });
  await writeFile(path.join(meta, 'md5sums'), sums);
  await writeFile(path.join(meta, 'control'), control(deb, Math.ceil(bytes / 1_024)));
  await cp(deb.scripts, meta, { recursive: true });
  for (const name of await readdir(deb.scripts))
    await chmod(path.join(meta, name), name === 'templates' ? 0o644 : 0o755);
  await date(deb.tree, deb.at);
  await mkdir(deb.out, { recursive: true });
  const file = path.join(deb.out, `${deb.name}_${deb.version}_amd64.deb`);
  const compression = deb.quick ? ['-Zgzip', '-z1'] : ['-Zxz', '-z2', '--threads-max=1'];
  try {
    await run('dpkg-deb', ['--root-owner-group', ...compression, '--build', deb.tree, file], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(deb.at.getTime() / 1_000) },
      timeout: BUILD_MS,
    });
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const said = (stderr || message).trim().slice(-500);
    throw new BuildFault('DEB_FAILED', `dpkg-deb did not build ${deb.name}: ${said}`, { cause: error });
  }
  return file;
}

function control({ name, version, summary, description, depends }: Deb, kibibytes: number): string {
  const lines = description.split('\n').map((line) => ` ${line === '' ? '.' : line}`);
  return `${[
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: amd64',
    'Maintainer: Casare <packages@casare.example>',
    `Installed-Size: ${kibibytes}`,
    `Depends: ${depends.join(', ')}`,
    'Section: admin',
    'Priority: optional',
    `Description: ${summary}`,
    ...lines,
  ].join('\n')}\n`;
}

/** The sums of all files, as dpkg keeps them, and how much they take. */
async function sumsOf(tree: string): Promise<{ sums: string; bytes: number }> {
  const lines: string[] = [];
  let bytes = 0;
  for (const file of await filesOf(tree)) {
    const content = await readFile(path.join(tree, file));
    bytes += content.length;
    lines.push(`${createHash('md5').update(content).digest('hex')}  ${file}\n`);
  }
  return { sums: lines.join(''), bytes };
}

/** Files below a folder, sorted, without links. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Gives all below a folder one time, and folders one mode, whatever the umask of whoever builds. */
async function date(tree: string, at: Date): Promise<void> {
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(file, 0o755);
    await lutimes(file, at, at);
  }
  await chmod(tree, 0o755);
  await lutimes(tree, at, at);
}

/** Puts files as they are kept in the sources into the tree; those that a person or systemd runs can be run. */
export async function addFiles(from: string, tree: string): Promise<void> {
  for (const file of await filesOf(from)) {
    const to = path.join(tree, file);
    await mkdir(path.dirname(to), { recursive: true });
    const text = await readFile(path.join(from, file));
    await writeFile(to, text);
    await chmod(to, text.subarray(0, 2).toString() === '#!' ? 0o755 : 0o644);
  }
}

/** Whether dpkg-deb is there; packages are built on Debian and its like. */
export async function hasDpkg(): Promise<boolean> {
  return run('dpkg-deb', ['--version']).then(
    () => true,
    () => false,
  );
}
