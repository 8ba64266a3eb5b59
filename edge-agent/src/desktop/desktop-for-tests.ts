/**
 * The programs that tests of the desktop need: Debian's, installed where that is possible, since accessibility services
 * are found where packages put them. Elsewhere the tests are skipped with the reason.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INSTALL_MS = 8 * 60_000;
/** What each program is in, and how it is seen to be there. */
const PACKAGES: Readonly<Record<string, string>> = {
  xvfb: '/usr/bin/Xvfb',
  openbox: '/usr/bin/openbox',
  dbus: '/usr/bin/dbus-daemon',
  'at-spi2-core': '/usr/libexec/at-spi-bus-launcher',
  galculator: '/usr/bin/galculator',
  mousepad: '/usr/bin/mousepad',
  'gtk-3-examples': '/usr/bin/gtk3-demo',
  zenity: '/usr/bin/zenity',
  'libreoffice-calc': '/usr/lib/libreoffice/program/scalc',
  'libreoffice-gtk3': '/usr/lib/libreoffice/program/libvclplug_gtk3lo.so',
};
const DISPLAY = ['xvfb', 'openbox', 'dbus', 'at-spi2-core'];

/** Sees to a virtual display and these applications; null when they are there, else why they are not. */
export async function desktopPrograms(...applications: string[]): Promise<string | null> {
  if (process.platform !== 'linux') return 'a desktop needs Linux';
  const missing = (): string[] => [...DISPLAY, ...applications].filter((name) => !existsSync(PACKAGES[name]!));
  if (missing().length === 0) return null;
  if (process.getuid?.() !== 0) return `${missing().join(', ')} not installed, and nobody but root may do that`;
  try {
    // Test files run side by side: apt waits for its lock.
    const apt = (...args: string[]) =>
      run('apt-get', ['-o', 'DPkg::Lock::Timeout=400', ...args], {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
        timeout: INSTALL_MS,
      });
    const install = () => apt('install', '-y', '-qq', '--no-install-recommends', ...missing());
    // A machine that has never asked for the lists of packages does not know them.
    await install().catch(async () => {
      await apt('update', '-qq');
      await install();
    });
  } catch (error) {
    return `${missing().join(', ')} could not be installed: ${error instanceof Error ? error.message.slice(0, 200) : ''}`;
  }
  return missing().length === 0 ? null : `${missing().join(', ')} not there after installing`;
}

/** A name for a suite that says why it is skipped. */
export function skipName(name: string, reason: string | null): string {
  return reason === null ? name : `${name} (skipped: ${reason})`;
}
