/**
 * Builds `casare-agent-host.exe` on Linux: mingw, from this machine or unpacked from Debian's packages.
 *
 * Warnings are errors, and two builds with one compiler are the same bytes. What Windows offers against the misuse of memory
 * (no code in data, addresses by chance) is asked for; mingw has no control flow guard.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { unpackDebian } from '../../debian.ts';
import { BuildFault } from '../../fault.ts';

const run = promisify(execFile);
const TARGET = 'x86_64-w64-mingw32';
const PACKAGES = [
  'gcc-mingw-w64-x86-64-win32',
  'binutils-mingw-w64-x86-64',
  'mingw-w64-x86-64-dev',
  'mingw-w64-common',
];
const COMPILE_MS = 120_000;

const COMPILER_FLAGS = [
  ...['-std=c17', '-O2', '-municode', '-D_WIN32_WINNT=0x0A00'],
  ...['-Wall', '-Wextra', '-Werror', '-Wconversion', '-Wshadow', '-Wformat=2', '-Wstrict-prototypes'],
  '-fstack-protector-strong',
];
const LINKER_FLAGS = [
  ...['-static', '-s', '-municode'],
  '-Wl,--no-insert-timestamp,--nxcompat,--dynamicbase,--high-entropy-va,--fatal-warnings',
  ...['-lshell32', '-lole32', '-luuid', '-ladvapi32'],
];

export interface Tools {
  readonly gcc: string;
  readonly windres: string;
  readonly windmc: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Builds it as `<folder>/casare-agent-host.exe`; gives that path. `version` is `major.minor.patch`. */
export async function buildHost(checkout: string, folder: string, version: string): Promise<string> {
  if (!/^\d{1,5}\.\d{1,5}\.\d{1,5}$/.test(version)) {
    throw new BuildFault('HOST_VERSION', `${version} is no version of Windows: use three numbers, such as 1.2.3`);
  }
  const tools = await findTools(checkout);
  await mkdir(folder, { recursive: true });
  const made = await mkdtemp(path.join(folder, '.host-'));
  try {
    const built = await compile(tools, path.join(checkout, 'installer/windows/host'), made, version);
    const placed = path.join(folder, path.basename(built));
    await rename(built, placed);
    return placed;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

async function compile(tools: Tools, sources: string, made: string, version: string): Promise<string> {
  const names = (await readdir(sources)).filter((name) => name.endsWith('.c')).sort();
  const built = path.join(made, 'casare-agent-host.exe');
  const resources = path.join(made, 'resources.o');
  // Paths in the program would be those of this machine.
  const inSources = { cwd: sources, env: { ...tools.env, SOURCE_DATE_EPOCH: '0' }, timeout: COMPILE_MS };
  const numbers = `${version.replaceAll('.', ',')},0`;
  await writeFile(
    path.join(made, 'version.h'),
    `#define HOST_VERSION ${numbers}\n#define HOST_VERSION_TEXT "${version}"\n`,
  );
  try {
    await run(tools.windmc, ['-h', made, '-r', made, 'messages.mc'], inSources);
    await run(
      tools.windres,
      [`--preprocessor=${tools.gcc}`, ...PREPROCESSOR, '-I', made, '-I', '.', 'host.rc', resources],
      inSources,
    );
    await run(
      tools.gcc,
      [...COMPILER_FLAGS, `-I${made}`, '-I.', ...names, resources, '-o', built, ...LINKER_FLAGS],
      inSources,
    );
  } catch (error) {
    const said = error instanceof Error ? error.message.slice(0, 4_000) : String(error);
    throw new BuildFault('HOST_NOT_BUILT', `the service host does not compile: ${said}`, { cause: error });
  }
  return built;
}

/** What windres gives its preprocessor unless told which. */
const PREPROCESSOR = ['-E', '-xc', '-DRC_INVOKED'].map((flag) => `--preprocessor-arg=${flag}`);

/** Those of this machine, else unpacked ones. */
export async function findTools(checkout: string): Promise<Tools> {
  const installed = {
    gcc: `${TARGET}-gcc`,
    windres: `${TARGET}-windres`,
    windmc: `${TARGET}-windmc`,
    env: process.env,
  };
  const here = [installed.gcc, installed.windres, installed.windmc].map((tool) => run(tool, ['--version']));
  if ((await Promise.allSettled(here)).every(({ status }) => status === 'fulfilled')) return installed;
  try {
    const { path: file, env } = await unpackDebian(checkout, 'mingw', PACKAGES);
    const tool = (name: string): string => file(`usr/bin/${TARGET}-${name}`);
    return { gcc: tool('gcc-win32'), windres: tool('windres'), windmc: tool('windmc'), env };
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 300) : String(error);
    throw new BuildFault('HOST_NO_COMPILER', `no ${TARGET}-gcc here, and Debian's cannot be had (${why}): install it`, {
      cause: error,
    });
  }
}
