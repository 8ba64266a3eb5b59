/** More packages on top of a test's Debian: installed once on a machine, kept as a folder of their own, never written to afterwards. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { lock } from '../../installer/lock.ts';
import { NAMESPACE } from './debian-root.ts';
import { ROOT } from './program.ts';

const run = promisify(execFile);
const LAYER_MS = 10 * 60_000;

/** Timers of Debian's that would do something to a system that lives for minutes. */
const IDLE = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'man-db.timer',
  'e2scrub_all.timer',
  'dpkg-db-backup.timer',
];

const INSTALL = `
set -e
mount -t tmpfs tmpfs "$2/m"
mkdir "$2/m/root"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/m/root"
cd "$2/m/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs tmp
touch etc/resolv.conf
mount --bind "$(readlink -f /etc/resolv.conf)" etc/resolv.conf
shift 2
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
chroot . apt-get update -q
chroot . apt-get install -q -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io \\
  -o Dpkg::Options::='--path-exclude=/usr/share/man/*' -o Dpkg::Options::='--path-exclude=/usr/share/locale/*' "$@"
chroot . apt-get clean
rm -rf var/lib/apt/lists
for timer in ${IDLE.join(' ')}; do ln -sf /dev/null "etc/systemd/system/$timer"; done
`;

/** The folder that goes over `root` by overlayfs. Throws with the last lines of what failed. */
export async function debianLayer(name: string, root: string, packages: readonly string[]): Promise<string> {
  const folder = path.join(ROOT, 'node_modules', `.casare-${name}`);
  const [upper, complete] = [path.join(folder, 'upper'), path.join(folder, 'complete')];
  if (existsSync(complete)) return upper;
  await mkdir(folder, { recursive: true });
  const unlock = await lock(path.join(folder, 'lock'));
  try {
    // Another test has made it while this one waited.
    if (existsSync(complete)) return upper;
    const fresh = path.join(folder, 'fresh');
    await rm(fresh, { recursive: true, force: true });
    for (const part of ['upper', 'work', 'm']) await mkdir(path.join(fresh, part), { recursive: true });
    await install(root, fresh, packages);
    await rm(upper, { recursive: true, force: true });
    await rename(path.join(fresh, 'upper'), upper);
    await rm(fresh, { recursive: true, force: true });
    await writeFile(complete, '');
    return upper;
  } finally {
    await unlock();
  }
}

async function install(root: string, fresh: string, packages: readonly string[]): Promise<void> {
  try {
    await run('unshare', [...NAMESPACE, 'sh', '-c', INSTALL, 'sh', root, fresh, ...packages], {
      timeout: LAYER_MS,
      maxBuffer: 67_108_864,
    });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    const said = `${message}\n${stdout}\n${stderr}`.trim().slice(-800);
    throw new Error(`packages could not be installed in a Debian of a test: ${said}`, { cause: error });
  }
}
