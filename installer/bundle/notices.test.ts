import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Locked } from './lockfile.ts';
import { BILL, NOTICES, writeNotices } from './notices.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'casare-notices-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const packed = (...packages: Locked[]) => ({ name: 'casare-agent', version: '1.2.3', packages });

/** A package that is installed in the folder, as in a checkout. */
async function install(name: string, files: Record<string, string>): Promise<Locked> {
  const place = `node_modules/${name}`;
  await mkdir(path.join(folder, place), { recursive: true });
  for (const [file, text] of Object.entries({ 'package.json': '{}', ...files })) {
    await writeFile(path.join(folder, place, file), text);
  }
  return { place, name, version: '1.0.0', license: 'MIT' };
}

describe('the notices of a package', () => {
  it('has every package with its text, and each text once', async () => {
    const same = { LICENSE: 'Free to all.' };
    const packages = [
      await install('one', same),
      await install('two', same),
      await install('three', { COPYING: 'Mine.' }),
    ];
    await writeNotices(folder, folder, packed(...packages));
    const text = await readFile(path.join(folder, NOTICES), 'utf8');
    expect(text).toContain('one 1.0.0 (MIT)\ntwo 1.0.0 (MIT)\n\nFree to all.');
    expect(text.match(/Free to all/g)).toHaveLength(1);
    expect(text).toContain('three 1.0.0 (MIT)\n\nMine.');
  });

  it('refuses a package whose licence has no text, and says which', async () => {
    const bare = await install('bare', {});
    await expect(writeNotices(folder, folder, packed(bare))).rejects.toThrow(/LICENCE_MISSING: bare has no text/);
  });

  it('names what is inside of a package, and how to replace what may be replaced', async () => {
    const locked: Locked = {
      place: 'node_modules/@sparticuz/chromium',
      name: '@sparticuz/chromium',
      version: '1.0.0',
      license: 'MIT',
    };
    await writeNotices(ROOT, folder, packed(locked));
    const text = await readFile(path.join(folder, NOTICES), 'utf8');
    expect(text).toMatch(
      /FFmpeg \(LGPL-2\.1-or-later\), inside @sparticuz\/chromium\n.*\n {2}To replace it: .*CASARE_BROWSER/,
    );
    expect(text).toContain('GNU LESSER GENERAL PUBLIC LICENSE');
  });

  it('is a bill that CycloneDX 1.6 takes, the same each time', async () => {
    const locked = await install('one', { LICENSE: 'Free.' });
    const bill = async () => {
      await writeNotices(
        folder,
        folder,
        packed({ ...locked, integrity: `sha512-${Buffer.alloc(64, 1).toString('base64')}` }),
      );
      return readFile(path.join(folder, BILL), 'utf8');
    };
    const first = await bill();
    expect(await bill()).toBe(first);
    expect(JSON.parse(first)).toMatchObject({
      specVersion: '1.6',
      metadata: { component: { name: 'casare-agent', version: '1.2.3' } },
      components: [{ name: 'one', purl: 'pkg:npm/one@1.0.0', hashes: [{ alg: 'SHA-512', content: '01'.repeat(64) }] }],
    });
  });
});
