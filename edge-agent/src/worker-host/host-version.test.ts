/** A host and an agent of two versions: which of the two has been upgraded decides what the host does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runWorkerHost } from './host.ts';
import { makePlaceIn, type Hosted, openHosted, VERSION } from './hosted-for-tests.ts';

const OLD = '0.0.1';
let folder = '';
let hosted: Hosted;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'casare-host-version-'));
  hosted = await openHosted(makePlaceIn(folder));
});
afterEach(async () => {
  await hosted.workers.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('an old host ends once a new one is installed, and until then it comes again and again', async () => {
  let installed = OLD;
  const stopping = new AbortController();
  const ended = runWorkerHost({
    ...{ place: hosted.place, home: folder, session: () => null, environment: {}, platform: process.platform },
    ...{ version: OLD, module: new URL('file:///none'), random: () => 0, log: () => undefined },
    installed: () => {
      if (installed === '') throw new Error('an upgrade is under way');
      return installed;
    },
    stopped: stopping.signal,
  });
  const refused = (): number => hosted.logged.filter((line) => line.includes(`version ${OLD}`)).length;
  const isStillComing = async (): Promise<void> => {
    const before = refused();
    await vi.waitFor(() => expect(refused()).toBeGreaterThan(before + 1), { timeout: 20_000 });
  };
  try {
    await isStillComing();
    installed = '';
    await isStillComing();
    installed = VERSION;
    await expect(ended).rejects.toMatchObject({ code: 'WORKER_HOST_VERSION' });
  } finally {
    stopping.abort();
    await ended.catch(() => undefined);
  }
});
