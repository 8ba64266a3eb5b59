/** The children of a process, where the service manager hides processes from it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MODULE = new URL('./own-children.ts', import.meta.url).href;
/** Nobody, where Debian has it. */
const OTHER = '65534';
/** As `ProtectProc=invisible` of a unit. */
const HIDING = ['unshare', '--mount', 'sh', '-c', 'mount -t proc -o hidepid=invisible proc /proc && exec "$@"', 'sh'];
const AS_OTHER = ['setpriv', '--reuid', OTHER, '--regid', OTHER, '--clear-groups'];

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-hidden-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function hidden(...command: string[]): { status: number | null; stdout: string; stderr: string } {
  const [program = '', ...args] = [...HIDING, ...AS_OTHER, ...command];
  return spawnSync(program, args, { encoding: 'utf8' });
}

/** It needs another user, a mount of its own, and a checkout that the other user can read. */
const reason =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'needs Linux and root'
    : hidden(process.execPath, '-e', `require('node:fs').readFileSync(new URL('${MODULE}'))`).stderr;

test.skipIf(reason !== '')('one that is hidden from its own parent is found, and ended', () => {
  // Who runs a program that it may not read is not dumpable (prctl(2)).
  const program = join(folder, 'sleep');
  copyFileSync('/bin/sleep', program);
  chmodSync(program, 0o711);
  const script = `
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { existsSync } from 'node:fs';
    import { endOwnChildren, ownChildren } from '${MODULE}';
    const child = spawn('${program}', ['600'], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await once(child, 'spawn');
    const isShown = existsSync('/proc/' + child.pid);
    const found = ownChildren().map(({ pid }) => pid === child.pid);
    await endOwnChildren();
    console.log(JSON.stringify([isShown, found, await ended]));`;
  const { stdout, stderr } = hidden(process.execPath, '--conditions=source', '--input-type=module', '-e', script);
  expect(stdout, stderr).toBe('[false,[true],[null,"SIGKILL"]]\n');
});
