/**
 * Whoever builds a package again from the same sources gets the same bytes: what is given to customers can be checked
 * against what is in the repository. Each is built twice, by people with another umask, at another time, in another folder.
 * A signature has the time of signing in it; what is compared is unsigned. Debs are packed quickly here: how they are packed
 * for people is compared in test/conformance/packages/linux.test.ts, by a small one.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { buildAgentDeb } from '../../installer/linux/agent-package.ts';
import { buildControlPlaneDeb } from '../../installer/linux/control-plane-package.ts';
import { hasDpkg } from '../../installer/linux/deb.ts';
import { buildMsi } from '../../installer/windows/msi.ts';
import { ROOT } from '../support/program.ts';

type Build = (wanted: { root: string; out: string; at: Date; quick: boolean }) => Promise<string>;

const AT = new Date('2026-01-01T00:00:00Z');
const reason = (await hasDpkg()) ? null : 'dpkg-deb is not there';

describe.skipIf(reason !== null)(skipName('two builds of a package are the same bytes', reason), () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'casare-twice-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const built: [string, Build][] = [
    ['the MSI', buildMsi],
    ["the agent's deb", buildAgentDeb],
    ["the control plane's deb", buildControlPlaneDeb],
  ];
  it.each(built)(
    '%s',
    async (_, build) => {
      const [one, other] = [await digestOf(build, 'one', 0o022), await digestOf(build, 'another one', 0o077)];
      expect(other).toEqual(one);
    },
    1_200_000,
  );

  /** Of what is built: its name and the digest of its bytes. */
  async function digestOf(build: Build, out: string, umask: number): Promise<[string, string]> {
    const before = process.umask(umask);
    try {
      const file = await build({ root: ROOT, out: path.join(folder, out), at: AT, quick: true });
      const hash = createHash('sha256');
      await pipeline(createReadStream(file), hash);
      await rm(file);
      return [path.basename(file), hash.digest('hex')];
    } finally {
      process.umask(before);
    }
  }
});
