/** The control plane as `casare-control-plane_<version>_amd64.deb`; the folder `control-plane/` holds what is not built. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeControlPlane } from '../bundle/control-plane.ts';
import { addFiles, buildDeb } from './deb.ts';
import { addDocuments, sources } from './documents.ts';

const NAME = 'casare-control-plane';

export interface ControlPlanePackageWanted {
  /** The checkout, installed and built. */
  readonly root: string;
  /** Where the package is written. */
  readonly out: string;
  readonly at: Date;
  /** For trials: hardly compressed, in a fraction of the time. */
  readonly quick?: boolean;
}

/** Builds the .deb, and answers its path. */
export async function buildControlPlaneDeb({ root, out, at, quick }: ControlPlanePackageWanted): Promise<string> {
  const tree = await mkdtemp(path.join(tmpdir(), `${NAME}-tree-`));
  try {
    const version = await makeControlPlane({ root, out: path.join(tree, 'usr/lib', NAME), at });
    await addFiles(sources('control-plane/root'), tree);
    await addDocuments(root, tree, { name: NAME, version, at }, ['control-plane.md']);
    return await buildDeb({
      name: NAME,
      version,
      summary: 'control plane of Casare',
      description:
        'Serves the console and the API, and the agents that dial in to it. With a\nPostgres of its own, or with one that is there.',
      // What the binaries of Node and Postgres are linked with, what makes users and folders, and what asks.
      depends: [
        'debconf (>= 0.5) | debconf-2.0',
        'libc6 (>= 2.31)',
        'libstdc++6 (>= 10)',
        'init-system-helpers (>= 1.54)',
        'systemd | systemd-standalone-sysusers | systemd-sysusers',
        'systemd | systemd-standalone-tmpfiles | systemd-tmpfiles',
      ],
      scripts: sources('control-plane/scripts'),
      ...{ tree, out, at, quick },
    });
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}
