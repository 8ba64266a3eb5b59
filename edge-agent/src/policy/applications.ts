/**
 * Programs that the policy lets steps start or attach to. What counts is the file that would run: links are resolved, and a
 * bare name means what the system finds under it. On Windows capitals make no difference, and `calc` means `calc.exe` too.
 */
import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join, parse, resolve } from 'node:path';
import { type Lists, matchesPattern } from './patterns.decision.ts';

/** What Windows takes for a program when a name has no such end. */
const PROGRAM_ENDS = ['.com', '.exe', '.bat', '.cmd'];

/** A program somebody wants to use. */
interface Program {
  /** As it was named, made absolute where it is a path or was found. */
  readonly shown: string;
  /** Links resolved; null for a name that is no file here, such as that of a window's owner. */
  readonly real: string | null;
}

/** Where bare names are looked for, and how names are compared. */
interface System {
  readonly path: string;
  readonly isWindows: boolean;
}

/** Why a program is refused (`rule` names the line of `forbid`), or null. `program` is a path, or a bare name. */
export async function applicationRefusal(
  lists: Lists | undefined,
  program: string,
  path = process.env['PATH'] ?? '',
  platform = process.platform,
): Promise<{ readonly program: string; readonly rule: string | null } | null> {
  if (lists === undefined) return null;
  const system: System = { path, isWindows: platform === 'win32' };
  const found = /[\\/]/.test(program) ? resolve(program) : await inPath(program, system);
  const asked: Program = {
    shown: found ?? program,
    real: found === null ? null : await realOf(found),
  };
  for (const rule of lists.forbid ?? []) {
    if ((await means(rule, asked, system)) || looksLike(rule, asked, system)) return { program: asked.shown, rule };
  }
  if (lists.allow === undefined) return null;
  for (const rule of lists.allow) if (await means(rule, asked, system)) return null;
  return { program: asked.shown, rule: null };
}

/** True when the rule means the very file. */
async function means(rule: string, { shown, real }: Program, system: System): Promise<boolean> {
  if (isAbsolute(rule)) return real !== null && matchesPath(await realPattern(rule), real, system);
  if (real === null) return matches(rule, shown, system);
  // `editor` may be a link to another name; `calc` in a folder of its own is another program.
  const names = rule.includes('*')
    ? [shown, real].flatMap((file) => (matchesName(rule, file, system) ? [basename(file)] : []))
    : [rule];
  for (const name of names) {
    const found = await inPath(name, system);
    if (found !== null && isSame(real, await realOf(found), system)) return true;
  }
  return false;
}

/** What is forbidden is so under each of its names, wherever it lies. */
function looksLike(rule: string, { shown, real }: Program, system: System): boolean {
  if (isAbsolute(rule)) return matchesPath(rule, shown, system);
  return [shown, real ?? shown].some((file) => matchesName(rule, file, system));
}

/** `*` stays within a folder. */
function matchesPath(pattern: string, path: string, system: System): boolean {
  const [parts, against] = [pattern.split(/[\\/]/), path.split(/[\\/]/)];
  return parts.length === against.length && parts.every((part, index) => matches(part, against[index] ?? '', system));
}

function matchesName(rule: string, file: string, system: System): boolean {
  const name = basename(file);
  const { name: stem, ext } = parse(name);
  const isProgram = system.isWindows && PROGRAM_ENDS.includes(ext.toLowerCase());
  return matches(rule, name, system) || (isProgram && matches(rule, stem, system));
}

function isSame(file: string, other: string, { isWindows }: System): boolean {
  return isWindows ? file.toLowerCase() === other.toLowerCase() : file === other;
}

function matches(pattern: string, text: string, { isWindows }: System): boolean {
  return isWindows ? matchesPattern(pattern.toLowerCase(), text.toLowerCase()) : matchesPattern(pattern, text);
}

/** A path of the policy with its links resolved; of one with `*` those of the folders before it. */
async function realPattern(rule: string): Promise<string> {
  const star = rule.indexOf('*');
  if (star === -1) return realOf(rule);
  const folder = dirname(`${rule.slice(0, star)}x`);
  return join(await realOf(folder), rule.slice(folder.length));
}

function realOf(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

async function inPath(name: string, { path, isWindows }: System): Promise<string | null> {
  const ends = isWindows ? ['', ...PROGRAM_ENDS] : [''];
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    for (const end of ends) {
      const file = join(folder, name + end);
      const runs = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (runs) return file;
    }
  }
  return null;
}
