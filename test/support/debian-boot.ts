/**
 * A Debian of a test's own that systemd has booted, as process 1 of namespaces of its own: units start by their own words, in the
 * sandbox that they ask for. The network is the machine's, so that what runs there is reached by loopback.
 *
 * Invariants: it sees no file of the machine's but the folder that is its `/mnt`, writes no setting of the kernel, and its control
 * groups lie in one that is removed with it. When the test ends, however it ends, so does everything in it.
 */
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { debianLayer } from './debian-layer.ts';
import { CLEAN, debianRoot, type Guest, guestFolders, guestOf, NAMESPACE, started, whyNoRoot } from './debian-root.ts';
import { descendantsOf } from './process-tree.ts';
import { until } from './stack.ts';

const run = promisify(execFile);
const BOOT_MS = 120_000;

const SYSTEMD = ['systemd', 'systemd-sysv'];

/** The group of a test's system, in the tree that the kernel gives to whoever mounts it. A run that was killed may have left its own. */
const freshGroup = () => `casare-test-${randomUUID()}`;
const IN_GROUPS = 'mount -t tmpfs tmpfs /mnt; mkdir /mnt/groups; mount -t cgroup2 cgroup2 /mnt/groups; cd /mnt/groups';

/** Why systemd cannot be booted here; null when it can. */
export async function whyNoSystemd(what: string): Promise<string | null> {
  const reason = await whyNoRoot(what);
  if (reason !== null) return reason;
  const group = freshGroup();
  const trial = `set -e; ${IN_GROUPS}; mkdir ${group}; rmdir ${group}`;
  return run('unshare', [...NAMESPACE, 'unshare', '--cgroup', 'sh', '-c', trial]).then(
    () => null,
    () => `this machine lets nobody mount control groups, which systemd needs to boot for ${what}`,
  );
}

/** Ends with its stdin, and systemd with it. */
const HOLD = `
unshare "$@" &
cat > /dev/null
kill -KILL $(cat /proc/$!/task/$!/children)
wait
`;
const BOOT = `
set -e
mount -t tmpfs -o mode=755 tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root" "$2/groups"
mount -t cgroup2 cgroup2 "$2/groups"
mkdir "$2/groups/$4"
echo 0 > "$2/groups/$4/cgroup.procs"
umount "$2/groups"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
cd "$2/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
  touch dev/$device
  mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount --bind "$3" mnt
mkdir -p old
exec unshare --cgroup sh -c '
  set -e
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  pivot_root . old
  cd /
  umount -l /old
  echo ready
  exec chroot . env -i container=casare-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd > /dev/null 2>&1'
`;

/** Boots it. */
export async function bootDebian(folder: string): Promise<Guest> {
  const root = await debianRoot('bookworm', CLEAN);
  const layer = await debianLayer('bookworm-systemd', root, SYSTEMD);
  const [over, shared] = await guestFolders(folder);
  const group = freshGroup();
  const boot = [...NAMESPACE, '--uts', '--ipc', 'sh', '-c', BOOT, 'sh', `${layer}:${root}`, over, shared, group];
  const holder = spawn('sh', ['-c', HOLD, 'sh', ...boot]);
  await started(holder);
  // The first is unshare, which has started systemd.
  const first = String(descendantsOf(holder.pid!)[1]!.pid);
  const target = ['--target', first, '--mount', '--uts', '--ipc', '--pid', '--cgroup', '--'];
  const guest = guestOf({ holder, target, shared });
  await until('systemd', BOOT_MS, async () =>
    /^(running|degraded)$/m.test((await guest.sh('systemctl is-system-running')).out),
  );
  return {
    ...guest,
    async end() {
      await guest.end();
      const clean = `${IN_GROUPS}; find ${path.posix.join('.', group)} -depth -type d -exec rmdir {} +`;
      await run('unshare', [...NAMESPACE, 'sh', '-c', clean]);
    },
  };
}
