/**
 * The newcomer: a clean clone with nothing installed, `npm start`, as an ordinary user and as root. Packages come from
 * the npm registry, so this needs the network that `npm ci` needs. Both run at once: each waits for its packages and then
 * keeps one processor busy, and they share nothing.
 */
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { invoicesOf } from '../../docs/examples/supplier-portal/invoices.ts';
import { freePorts } from '../support/ports.ts';
import { ROOT } from '../support/program.ts';
import { identicalPdfs, quickStart } from '../support/quickstart.ts';
import { MONTH } from '../support/stack.ts';

const asRoot = process.getuid?.() === 0;

/** Found at once, or both could find the same. */
let ports: number[];
beforeAll(async () => {
  ports = await freePorts(6);
});

describe.concurrent('a clean clone', () => {
  it.runIf(asRoot)('as root', () => inFolder((base) => expectWholeJob(base, { ports: ports.slice(0, 3) })));

  it('as an ordinary user', () =>
    inFolder(async (base) => {
      const as = asRoot ? await nobody() : undefined;
      await expectWholeJob(base, { ports: ports.slice(3), ...(as ? { as } : {}) });
    }));
});

async function inFolder(run: (base: string) => Promise<void>): Promise<void> {
  const base = await mkdtemp(path.join(os.tmpdir(), 'casare-clone-'));
  try {
    await chmod(base, 0o755);
    await run(base);
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

/** A clone of what is committed here. */
function clone(base: string): string {
  const checkout = path.join(base, 'casare');
  execFileSync('git', ['clone', '--quiet', '--no-local', ROOT, checkout]);
  return checkout;
}

interface Newcomer {
  readonly ports: readonly number[];
  readonly as?: { readonly uid: number; readonly gid: number };
}

async function expectWholeJob(base: string, { ports, as }: Newcomer): Promise<void> {
  const checkout = clone(base);
  if (as) {
    execFileSync('chown', ['-R', `${as.uid}:${as.gid}`, checkout]);
    await chown(base, as.uid, as.gid);
  }
  const home = path.join(checkout, '.casare');
  // A user's own HOME and npm cache, as a newcomer has them, and no Node but the host's.
  const env = as ? { HOME: base, npm_config_cache: path.join(base, 'npm-cache') } : {};
  const { code, result } = await quickStart({
    checkout,
    home,
    ports,
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
