/**
 * The newcomer: a clean clone with nothing installed, `npm start`, as an ordinary user and as root. Packages come from
 * the npm registry, so this needs the network that `npm ci` needs.
 */
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { invoicesOf } from '../../docs/examples/supplier-portal/invoices.ts';
import { ROOT } from '../support/program.ts';
import { identicalPdfs, quickStart } from '../support/quickstart.ts';
import { MONTH } from '../support/stack.ts';

const asRoot = process.getuid?.() === 0;

let base: string;
beforeEach(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'casare-clone-'));
  await chmod(base, 0o755);
});
afterEach(() => rm(base, { recursive: true, force: true }));

it.runIf(asRoot)('as root', async () => {
  await expectWholeJob(clone());
});

it('as an ordinary user', async () => {
  const checkout = clone();
  const as = asRoot ? await nobody() : undefined;
  if (as) {
    execFileSync('chown', ['-R', `${as.uid}:${as.gid}`, checkout]);
    await chown(base, as.uid, as.gid);
  }
  await expectWholeJob(checkout, as);
});

/** A clone of what is committed here. */
function clone(): string {
  const checkout = path.join(base, 'casare');
  execFileSync('git', ['clone', '--quiet', '--no-local', ROOT, checkout]);
  return checkout;
}

async function expectWholeJob(checkout: string, as?: { uid: number; gid: number }): Promise<void> {
  const home = path.join(checkout, '.casare');
  // A user's own HOME and npm cache, as a newcomer has them, and no Node but the host's.
  const env = as ? { HOME: base, npm_config_cache: path.join(base, 'npm-cache') } : {};
  const { code, result } = await quickStart({
    checkout,
    home,
    env: { ...env, PATH: hostPath() },
    ...(as ? { as } : {}),
  });
  expect({ code, state: result.state }).toEqual({ code: 0, state: 'succeeded' });
  const wanted = invoicesOf(MONTH).map((invoice) => `${invoice.number}.pdf`);
  expect((await identicalPdfs(home, result.job)).sort()).toEqual(wanted.sort());
}

/** Without this checkout's own programs. */
function hostPath(): string {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .join(path.delimiter);
}

async function nobody(): Promise<{ uid: number; gid: number }> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = (line ?? 'nobody:x:65534:65534').split(':');
  return { uid: Number(uid), gid: Number(gid) };
}
