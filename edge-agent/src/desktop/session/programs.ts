/** Programs that a display consists of: found by PATH, started with their last words kept, ended by their ids. */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { delimiter, extname, isAbsolute, join } from 'node:path';
import { DesktopError } from '../desktop-error.ts';

/** What is kept of what a program says on its standard error, characters. */
const LAST_WORDS = 2_000;

/** The Debian package of a program, for messages. */
const PACKAGES: Readonly<Record<string, string>> = {
  Xvfb: 'xvfb',
  openbox: 'openbox',
  'dbus-daemon': 'dbus',
};

/** A program that was started. */
export interface StartedProgram {
  readonly child: ChildProcess;
  /** Resolves with why it ended: `exit code 1` or `signal SIGKILL`. */
  readonly ended: Promise<string>;
  /** Null while it runs. */
  readonly exit: () => { readonly code: number | null } | null;
  /** The end of what it said on standard error, on one line. */
  readonly lastWords: () => string;
}

/** A program by the path that it was found at, and by what that led to. */
export interface FoundProgram {
  readonly path: string;
  readonly real: string;
}

/** The absolute path of a program, links resolved; null when PATH has none of that name, or it may not be run. */
export async function findProgram(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): Promise<FoundProgram | null> {
  const folders = isAbsolute(name) ? [''] : (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  if (!isAbsolute(name) && /[/\\]/.test(name)) return null;
  // On Windows a name without an ending means a program, never a script.
  const named = platform === 'win32' && extname(name) === '' ? `${name}.exe` : name;
  for (const folder of folders) {
    const path = folder === '' ? named : join(folder, named);
    try {
      await access(path, constants.X_OK);
      if ((await stat(path)).isFile()) return { path, real: await realpath(path) };
    } catch {
      // not in this folder
    }
  }
  return null;
}

/** The path of a program that a display needs; @throws DesktopError DESKTOP_PROGRAM_MISSING */
export async function neededProgram(name: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const found = await findProgram(name, env);
  if (found !== null) return found.path;
  throw new DesktopError(
    'DESKTOP_PROGRAM_MISSING',
    `Desktop jobs need ${name}, which is not on this machine: install ${PACKAGES[name] ?? name} (apt-get install xvfb openbox dbus at-spi2-core)`,
  );
}

/**
 * Starts a program; its standard error is read to its end. Of one that was found, what its links led to then is started,
 * under the name that it was found by: whoever judged it has judged that. @throws whatever keeps it from starting
 */
export async function startProgram(
  program: string | FoundProgram,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string; readonly pipes?: number },
): Promise<StartedProgram> {
  const extra = Array.from({ length: options.pipes ?? 0 }, () => 'pipe' as const);
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', ...extra];
  const { env, cwd } = options;
  const { real, path } = typeof program === 'string' ? { real: program, path: program } : program;
  const child = spawn(real, args, { argv0: path, env, stdio, detached: true, ...(cwd === undefined ? {} : { cwd }) });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-LAST_WORDS);
  });
  let exit: { code: number | null } | null = null;
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code };
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.on('error', () => undefined);
  // A program that goes on after us does not hold us, nor does what it says.
  child.unref();
  if (child.stderr instanceof Socket) child.stderr.unref();
  return { child, ended, exit: () => exit, lastWords: () => words.replaceAll(/\s+/g, ' ').trim().slice(-500) };
}
