/**
 * A Debian with what builds and runs containers without a daemon, and Compose: Debian 13's, since those of Debian 12 know no
 * Compose of today. What is kept in `/mnt` lies on disk, and only for this test.
 */
import { enterDebian, type Guest } from './debian-root.ts';

const PACKAGES = ['buildah', 'crun', 'docker-compose', 'podman'];

/** Enters it. Made at the first time on a machine, which takes two or three minutes. */
export function enterContainerTools(folder: string): Promise<Guest> {
  return enterDebian('trixie', PACKAGES, folder);
}
