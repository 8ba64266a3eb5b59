/**
 * The files of an agent for a target, in a folder: the program, its worker and threads, the packages that stay apart, Node.
 * The folder can be put anywhere and needs nothing else. The same sources give the same bytes and the same times.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildFault } from '../fault.ts';
import { closureOf, lockedAt, readLock, type Locked } from './lockfile.ts';
import { copyInto, copyPackages, packageFolder } from './package-files.ts';
import { writeNotices } from './notices.ts';
import { BROUGHT_ALONG, LEFT_OUT, partsOf } from './parts.ts';
import { buildPrograms, type Entry } from './programs.ts';
import { productionOf } from './production.ts';
import { settle } from './settle.ts';
import type { Target } from './target.ts';

/** What a package is made of; the notices and the bill of materials are written from it. */
export interface Contents {
  readonly target: Target;
  readonly version: string;
  /** Of npm, bundled or apart, sorted by place. */
  readonly packages: readonly Locked[];
  readonly node: Locked;
}

export interface AgentWanted {
  /** The checkout, installed and built. */
  readonly root: string;
  readonly target: Target;
  /** Made anew. */
  readonly out: string;
  /** The time that all files get. */
  readonly at: Date;
}

/** The program's own file. */
export const AGENT_FILE = 'casare-agent.mjs';
/** Whom modules belong to that ask for a package by its name. */
const WORKSPACE = 'edge-agent';
const started = (module: string): Entry => ({
  source: `${WORKSPACE}/src/${module}.ts`,
  file: `${WORKSPACE}/dist/${module}.js`,
});
const ENTRIES: readonly Entry[] = [
  { source: `${WORKSPACE}/src/cli/main.ts`, file: AGENT_FILE },
  ...[
    'runner/worker',
    'engine/jq-worker',
    'engine/jq-resident',
    'steps/data/pdf-thread',
    'desktop/uia/host-process',
    'desktop/uia/watch-process',
  ].map(started),
];
const MANIFEST = `${WORKSPACE}/package.json`;
/** The page that shows run records, and where `@casare/shared/viewer.html` leads to. */
const VIEWER = 'shared/dist/viewer.html';
/** Of whose packages the page is made. */
const CONSOLE = 'control-plane/console';
const SHARED = 'node_modules/@casare/shared';

/** Makes the folder. Throws a BuildFault, and leaves what it had made for a look. */
export async function makeAgent({ root, target, out, at }: AgentWanted): Promise<Contents> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const lock = await readLock(root);
  const parts = partsOf(target);
  const names = parts.map(({ name }) => name);
  const apart = closureOf(lock, target, WORKSPACE, names, LEFT_OUT);
  const bundled = await buildPrograms({
    root,
    out,
    entries: ENTRIES,
    // Also those of other machines: the program asks for them, finds none, and does without.
    apart: [...names, ...(target.os === 'linux' ? [] : ['@sparticuz/chromium'])],
    // The default home of a checkout, which an installed agent is never asked for.
    reachable: [MANIFEST, '.casare', 'certs/dist/signer-process/main.js'],
  });
  await copyPackages(root, out, apart, [...parts, ...BROUGHT_ALONG]);
  await copyViewer(root, out);
  const version = await writeManifest(root, out);
  const node = lockedAt(lock, `node_modules/${target.node.package}`);
  await copyInto(path.join(await packageFolder(root, node), target.node.file), path.join(out, target.node.as));
  const viewer = closureOf(lock, target, CONSOLE, await productionOf(root, CONSOLE), LEFT_OUT);
  const packages = new Map(
    [...bundled.map((place) => lockedAt(lock, place)), ...apart, ...viewer].map((one) => [one.place, one]),
  );
  await writeNotices(root, out, { name: 'casare-agent', version, packages: [...packages.values(), node] });
  await settle(out, at, (file) => file === target.node.as);
  return {
    target,
    version,
    packages: [...packages.values()].sort((a, b) => (a.place < b.place ? -1 : 1)),
    node,
  };
}

/** What the agent reads its version from. */
async function writeManifest(root: string, out: string): Promise<string> {
  const { name, version, license, type } = JSON.parse(await readFile(path.join(root, MANIFEST), 'utf8')) as Record<
    string,
    string
  >;
  if (version === undefined) throw new BuildFault('NO_VERSION', `${MANIFEST} has no version: give it one`);
  await mkdir(path.join(out, WORKSPACE), { recursive: true });
  await writeFile(path.join(out, MANIFEST), JSON.stringify({ name, version, license, type }));
  return version;
}

async function copyViewer(root: string, out: string): Promise<void> {
  const exports = { './viewer.html': './viewer.html' };
  await mkdir(path.join(out, SHARED), { recursive: true });
  await writeFile(path.join(out, SHARED, 'package.json'), JSON.stringify({ name: '@casare/shared', exports }));
  try {
    await cp(path.join(root, VIEWER), path.join(out, SHARED, 'viewer.html'));
  } catch (error) {
    throw new BuildFault('NOT_BUILT', `${VIEWER} is not there: run \`npm run build\` first`, { cause: error });
  }
}
