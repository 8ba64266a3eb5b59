/**
 * The Chromium that npm carries (`@sparticuz/chromium`, Linux x64, headless only), unpacked once with the libraries and
 * fonts it needs, so that it starts on a machine that has no system packages for it.
 *
 * The package's own code is not used: it unpacks into a predictable folder of /tmp and runs whatever lies there.
 *
 * Invariants: the folder is owned by this account, 0700, and its name carries the package's version; it appears under
 * its final name only when complete (a rename), so two processes may unpack at the same time and a crash leaves
 * nothing that would be run.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { extract } from 'tar-fs';
import { BrowserError } from './browser-error.ts';
import type { Environment } from './environment.ts';

/** What `find.ts` hands on: the program and what its environment must hold. */
interface Carried {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

interface CarriedOptions {
  readonly home: string;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
}

const PACKAGE = '@sparticuz/chromium';
const ARCHIVES = ['al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br'] as const;
/** Changes when this file unpacks differently, so that folders of an older agent are not taken for its own. */
const LAYOUT = 1;
const PREFIX = 'chromium-';
const UNPACKING = 'unpacking-';
const ABANDONED_MS = 3_600_000;

/** The archives' owners mean nothing here; anything but files and folders is refused. */
const EXTRACT = { strict: true, chown: false };

/** The package's own fonts.conf names folders of AWS Lambda; the one here is relative to the file. */
const FONTS_CONF = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

/**
 * Unpacks the carried Chromium if it is not there yet (about 2 s) and says how to start it; `null` where the package
 * does not fit the machine or is not installed.
 *
 * @throws BrowserError BROWSER_FOLDER_UNSAFE, BROWSER_UNPACK_FAILED
 */
export async function carriedChromium(options: CarriedOptions): Promise<Carried | null> {
  if (options.platform !== 'linux' || process.arch !== 'x64') return null;
  const root = packageRoot();
  if (root === null) return null;
  const version = await packageVersion(root);
  const parent = join(options.home, 'browser');
  const folder = join(parent, `${PREFIX}${version}-${LAYOUT}`);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await requirePrivate(parent);
  if (!(await exists(folder))) await unpackInto(root, parent, folder);
  await requirePrivate(folder);
  return { path: join(folder, 'chromium'), env: launchEnvironment(folder, options.env) };
}

function packageRoot(): string | null {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(PACKAGE)));
  } catch {
    return null;
  }
}

async function packageVersion(root: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : null;
  if (typeof version === 'string' && /^[\w.+-]{1,50}$/.test(version)) return version;
  throw new BrowserError('BROWSER_UNPACK_FAILED', `${PACKAGE} has no usable version: run npm ci again`);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Refuses a folder that another account could have filled: what lies in it is executed. */
async function requirePrivate(path: string): Promise<void> {
  const found = await lstat(path);
  const foreign = process.getuid !== undefined && found.uid !== process.getuid();
  if (found.isDirectory() && !foreign && (found.mode & 0o022) === 0) return;
  throw new BrowserError(
    'BROWSER_FOLDER_UNSAFE',
    `${path} ${foreign ? 'belongs to another account' : 'can be written by other accounts'}, ` +
      'so the browser in it is not started: remove that folder and start again',
  );
}

async function unpackInto(root: string, parent: string, folder: string): Promise<void> {
  const temporary = await mkdtemp(join(parent, UNPACKING));
  try {
    await removeLeftovers(parent, folder, temporary);
    const bin = join(root, 'bin');
    await Promise.all([
      unbrotli(join(bin, 'chromium.br'), createWriteStream(join(temporary, 'chromium'), { mode: 0o700 })),
      ...ARCHIVES.map((name) => unbrotli(join(bin, name), extract(temporary, EXTRACT))),
    ]);
    await writeFile(join(temporary, 'fonts.conf'), FONTS_CONF, { mode: 0o600 });
    await publish(temporary, folder);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BrowserError(
      'BROWSER_UNPACK_FAILED',
      `The carried browser could not be unpacked into ${parent}: ${why}. It needs 220 MB of free space there`,
      { cause: error },
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * Removes folders of older versions, and of processes that died while unpacking: an unpacking takes seconds, so one
 * that is an hour older than ours was abandoned.
 */
async function removeLeftovers(parent: string, keep: string, ours: string): Promise<void> {
  const startedMs = (await lstat(ours)).mtimeMs;
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    const old = name.startsWith(PREFIX) && path !== keep;
    const abandoned = name.startsWith(UNPACKING) && (await modifiedMs(path, startedMs)) < startedMs - ABANDONED_MS;
    if (old || abandoned) await rm(path, { recursive: true, force: true });
  }
}

/** `otherwise` when it has just vanished, because another process finished with it. */
async function modifiedMs(path: string, otherwise: number): Promise<number> {
  return lstat(path).then(
    (found) => found.mtimeMs,
    () => otherwise,
  );
}

function unbrotli(source: string, target: NodeJS.WritableStream): Promise<void> {
  return pipeline(createReadStream(source), createBrotliDecompress({ chunkSize: 2 ** 20 }), target);
}

/** The other process's complete copy is as good as ours. */
async function publish(temporary: string, folder: string): Promise<void> {
  try {
    await rename(temporary, folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

function launchEnvironment(folder: string, env: Environment): Record<string, string> {
  const own = join(folder, 'lib');
  const inherited = env['LD_LIBRARY_PATH'];
  return {
    LD_LIBRARY_PATH: inherited ? `${own}:${inherited}` : own,
    FONTCONFIG_PATH: folder,
    // fonts.conf keeps its cache below this.
    XDG_CACHE_HOME: join(folder, 'cache'),
  };
}
