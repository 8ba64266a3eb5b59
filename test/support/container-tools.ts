/**
 * A Debian with what builds and runs containers without a daemon of the machine, and Compose: Debian 13's, since those of Debian
 * 12 know no Compose of today. Images and volumes lie on disk, and only for this test.
 *
 * Containers here have no cgroup (the machine's stay as they are), and so no limits. All else is as it is elsewhere: users,
 * capabilities, seccomp, file systems that cannot be written to, networks.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { CLEAN, debianRoot, type Ended, enterDebian, type Guest, whyNoRoot } from './debian-root.ts';

const run = promisify(execFile);
const PACKAGES = ['aardvark-dns', 'crun', 'docker-compose', 'iproute2', 'netavark', 'nftables', 'podman'];
/** What the Dockerfiles build on, since no registry can be asked: a Debian 12 made by debootstrap. */
export const BASE = 'localhost/debian-by-debootstrap:bookworm';
const SOCKET = '/run/podman.sock';

/**
 * Why no container can be built and run here; null when one can. Makes what the tests need at the first time on a machine: whether
 * Debian's server has it is known then only.
 */
export async function containersOrReason(): Promise<string | null> {
  const reason = await whyNoRoot('containers');
  if (reason !== null) return reason;
  const folder = await mkdtemp(path.join(tmpdir(), 'casare-tools-'));
  try {
    await debianRoot('bookworm', CLEAN);
    const guest = await enterContainerTools(folder);
    const { code, out } = await guest.sh('podman --version && docker-compose version').finally(() => guest.end());
    return code === 0 ? null : `podman and Compose cannot be run here: ${oneLine(out)}`;
  } catch (error) {
    return oneLine(error instanceof Error ? error.message : String(error));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const oneLine = (text: string): string => text.replaceAll('\n', ' ').slice(0, 300);

/** Enters it. Made at the first time on a machine, which takes two or three minutes. */
export function enterContainerTools(folder: string): Promise<Guest> {
  return enterDebian('trixie', PACKAGES, folder);
}

const PREPARE = `
set -e
mount -t sysfs -o ro sysfs /sys
mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup
mkdir -p /mnt/images /mnt/try/lower /mnt/try/upper /mnt/try/work /mnt/try/root /etc/containers
# Layers as mounts where the disk can have them, as copies where it cannot.
cd /mnt/try
driver=vfs
if mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay root 2> /dev/null; then driver=overlay; umount root; fi
cat > /etc/containers/storage.conf <<EOF
[storage]
driver = "$driver"
graphroot = "/mnt/images"
runroot = "/run/containers/storage"
EOF
printf '#!/bin/sh\nexec /usr/bin/crun --cgroup-manager=disabled "$@"\n' > /usr/local/bin/crun
chmod 755 /usr/local/bin/crun
cat > /etc/containers/containers.conf <<EOF
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=$(ulimit -Hp):$(ulimit -Hp)"]
log_driver = "k8s-file"
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
[engine.runtimes]
crun = ["/usr/local/bin/crun"]
EOF
podman import --quiet /mnt/base.tar ${BASE}
rm /mnt/base.tar`;

/** Makes the guest ready to build and to run, with the base image in it. `shared` is its `/mnt`. */
export async function prepareContainers(guest: Guest, shared: string): Promise<Ended> {
  const root = await debianRoot('bookworm', CLEAN);
  await run('tar', ['-C', root, '--one-file-system', '-cf', path.join(shared, 'base.tar'), '.']);
  return guest.sh(PREPARE);
}

/** Builds an image of a Dockerfile and a folder below `/mnt`. Its steps reach Debian as this machine does. */
export function buildImage(guest: Guest, image: string, words: string): Promise<Ended> {
  return guest.sh(`podman build --network host --format docker --tag localhost/${image} ${words}`);
}

/** A network of its own, in which an engine listens as Docker's would; ends with the process that is answered. */
export async function startEngine(guest: Guest): Promise<ChildProcess> {
  const script = `ip link set lo up && exec podman system service --time=0 unix://${SOCKET}`;
  const [program, args] = guest.command(['unshare', '--net', 'sh', '-c', script]);
  const engine = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(engine, 'exit');
  const there = guest.sh(`until [ -S ${SOCKET} ]; do sleep 0.1; done`);
  if (Array.isArray(await Promise.race([there, ended]))) throw new Error('the engine of containers does not start');
  return engine;
}

/** Asks the engine: its own client, or Compose. */
export function engineCommand(client: 'docker-compose' | 'podman', words: string): string {
  return client === 'podman'
    ? `podman --url unix://${SOCKET} ${words}`
    : `DOCKER_HOST=unix://${SOCKET} docker-compose ${words}`;
}
