import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { carriedChromium } from './carried.ts';

const carriedHere = process.platform === 'linux' && process.arch === 'x64';

describe.skipIf(!carriedHere)('carriedChromium (the package is for Linux x64)', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'casare-carried-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));
  const options = () => ({ home, env: {}, platform: 'linux' as const });

  test('unpacks the program, its libraries and fonts once into a private folder, also from two processes', async () => {
    const [first, second] = await Promise.all([carriedChromium(options()), carriedChromium(options())]);
    const path = first?.path ?? '';
    const folder = dirname(path);
    expect(second?.path).toBe(path);
    expect((await lstat(folder)).mode & 0o777).toBe(0o700);
    expect((await lstat(path)).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'lib'))).toContain('libnss3.so');
    expect(await readFile(join(folder, 'fonts.conf'), 'utf8')).not.toContain('/tmp');
    expect(await readdir(dirname(folder))).toHaveLength(1);
    expect(first?.env).toEqual({
      LD_LIBRARY_PATH: join(folder, 'lib'),
      FONTCONFIG_PATH: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
    });

    await writeFile(join(folder, 'marker'), '');
    await carriedChromium(options());
    expect(await readdir(folder)).toContain('marker');

    await chmod(folder, 0o777);
    await expect(carriedChromium(options())).rejects.toMatchObject({ code: 'BROWSER_FOLDER_UNSAFE' });
  });

  test('removes what older versions and dead processes left, and keeps what another process is unpacking', async () => {
    const browser = join(home, 'browser');
    const stale = join(browser, 'unpacking-stale');
    for (const name of ['chromium-1.0.0-1', 'unpacking-stale', 'unpacking-now']) {
      await mkdir(join(browser, name), { recursive: true, mode: 0o700 });
    }
    await utimes(stale, 0, 0);
    await carriedChromium(options());
    const left = await readdir(browser);
    expect(left).toContain('unpacking-now');
    expect(left).not.toContain('unpacking-stale');
    expect(left).not.toContain('chromium-1.0.0-1');
  });

  test('refuses a parent folder that others may write', async () => {
    await mkdir(join(home, 'browser'), { mode: 0o777 });
    await chmod(join(home, 'browser'), 0o777);
    await expect(carriedChromium(options())).rejects.toMatchObject({ code: 'BROWSER_FOLDER_UNSAFE' });
  });
});
