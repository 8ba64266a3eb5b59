/**
 * The agent for Linux: as `casare-agent_<version>_amd64.deb`, and as a tarball with `install.sh` for other distributions.
 * Both have the same files below `/`; the folders `agent/` and `tarball/` hold what is not built.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeAgent } from '../bundle/agent.ts';
import { writeNotices } from '../bundle/notices.ts';
import { TARGETS } from '../bundle/target.ts';
import { addFiles, buildDeb } from './deb.ts';
import { addDocuments, sources } from './documents.ts';

const run = promisify(execFile);
const NAME = 'casare-agent';
const PACK_MS = 10 * 60_000;

export interface AgentPackageWanted {
  /** The checkout, installed and built. */
  readonly root: string;
  /** Where packages are written. */
  readonly out: string;
  readonly at: Date;
  /** Another version than the agent's own: a later build of the same. */
  readonly version?: string;
  /** For trials: hardly compressed, in a fraction of the time. */
  readonly quick?: boolean;
}

/** Builds the .deb, and answers its path. */
export function buildAgentDeb(wanted: AgentPackageWanted): Promise<string> {
  return withTree(wanted, (tree, version) =>
    buildDeb({
      name: NAME,
      version,
      summary: 'edge agent of Casare',
      description:
        'Runs browser, desktop and other automation inside of your network, on the\nword of a Casare control plane to which it dials out. Nothing listens.',
      // What the binary of Node is linked with, and what makes users and folders; all there on a Debian with systemd.
      depends: [
        'libc6 (>= 2.31)',
        'libstdc++6 (>= 10)',
        'init-system-helpers (>= 1.54)',
        'systemd | systemd-standalone-sysusers | systemd-sysusers',
        'systemd | systemd-standalone-tmpfiles | systemd-tmpfiles',
      ],
      scripts: sources('agent/scripts'),
      tree,
      out: wanted.out,
      at: wanted.at,
      quick: wanted.quick,
    }),
  );
}

/** Builds the tarball, and answers its path. */
export function buildAgentTarball(wanted: AgentPackageWanted): Promise<string> {
  return withTree(wanted, async (tree, version) => {
    const folder = `${NAME}-${version}-linux-x64`;
    await copyFile(sources('tarball/install.sh'), path.join(tree, 'install.sh'));
    await chmod(path.join(tree, 'install.sh'), 0o755);
    await copyFile(path.join(wanted.root, 'LICENSE'), path.join(tree, 'LICENSE'));
    await mkdir(wanted.out, { recursive: true });
    const file = path.join(wanted.out, `${folder}.tar`);
    const time = `--mtime=@${wanted.at.getTime() / 1_000}`;
    const plain = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', time, `--transform=s,^[.],${folder},S`];
    await run('tar', [...plain, '--format=gnu', '-C', tree, '-cf', file, '.'], { timeout: PACK_MS });
    // Without the name and the time that gzip would put in.
    await run('gzip', [wanted.quick ? '-1' : '-9', '--no-name', '--force', file], { timeout: PACK_MS });
    return `${file}.gz`;
  });
}

/** Everything below `/`, for as long as `use` takes. */
async function withTree<T>(
  { root, at, version }: AgentPackageWanted,
  use: (tree: string, version: string) => Promise<T>,
): Promise<T> {
  const tree = await mkdtemp(path.join(tmpdir(), `${NAME}-tree-`));
  try {
    const home = path.join(tree, 'usr/lib', NAME);
    const contents = await makeAgent({ root, target: TARGETS['linux-x64'], out: home, at });
    const { node, packages } = contents;
    await writeNotices(root, home, { name: NAME, version: contents.version, packages: [...packages, node] });
    await addFiles(sources('agent/root'), tree);
    const named = version ?? contents.version;
    await addDocuments(root, tree, { name: NAME, version: named, at }, ['linux.md', 'agent-yaml.md']);
    return await use(tree, named);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}
