/**
 * The packages for Linux as tests use them: each built once of what is built now and kept below `node_modules`, since to
 * compress one takes longer than most of what is tested with it.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { buildAgentDeb, buildAgentTarball } from '../../installer/linux/agent-package.ts';
import { buildControlPlaneDeb } from '../../installer/linux/control-plane-package.ts';
import { lock } from '../../installer/lock.ts';
import { ROOT } from './program.ts';

const BUILD = {
  'casare-agent': buildAgentDeb,
  'casare-agent.tarball': buildAgentTarball,
  'casare-control-plane': buildControlPlaneDeb,
} as const;
/** All that is packed, and what packs it. */
const INPUTS = [
  ...['shared', 'certs', 'control-plane', 'control-plane/console', 'edge-agent'].map((name) => `${name}/dist`),
  ...['bundle', 'licences', 'linux', 'debian.ts'].map((name) => `installer/${name}`),
  ...['control-plane/migrations', 'docs/install', 'package-lock.json', 'CHANGELOG.md', 'LICENSE'],
];
const KEPT = path.join(ROOT, 'node_modules', '.casare-debs');
const AT = new Date('2026-01-01T00:00:00Z');

/** Answers the path of the package, which nobody may write to; it is hardly compressed. */
export async function builtDeb(name: keyof typeof BUILD): Promise<string> {
  await mkdir(KEPT, { recursive: true });
  const unlock = await lock(path.join(KEPT, `${name}.lock`));
  try {
    const place = `${name}-${await fingerprint()}`;
    const folder = path.join(KEPT, place);
    const built = (await readdir(folder).catch(() => []))[0];
    if (built !== undefined) return path.join(folder, built);
    for (const older of await readdir(KEPT)) {
      if (older.startsWith(`${name}-`)) await rm(path.join(KEPT, older), { recursive: true });
    }
    const file = await BUILD[name]({ root: ROOT, out: `${folder}.fresh`, at: AT, quick: true });
    await rename(`${folder}.fresh`, folder);
    return path.join(folder, path.basename(file));
  } finally {
    await unlock();
  }
}

/** Digest of names, sizes and times: a file that was changed, or built anew, changes it. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    const at = path.join(ROOT, input);
    const below = (await stat(at)).isDirectory() ? await readdir(at, { recursive: true }) : [''];
    for (const file of below.sort()) {
      const { size, mtimeMs } = await stat(path.join(at, file));
      hash.update(`${input}/${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}
