/**
 * Programs that the policy lets steps start or attach to. What counts is the file that would run: links are resolved, and a
 * bare name means what the system finds under it.
 */
import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { type Lists, matchesPattern } from './patterns.decision.ts';

/** A program somebody wants to use. */
interface Program {
  /** As it was named, made absolute where it is a path or was found. */
  readonly shown: string;
  /** Links resolved; null for a name that is no file here, such as that of a window's owner. */
  readonly real: string | null;
}

/** Why a program is refused (`rule` names the line of `forbid`), or null. `program` is a path, or a bare name. */
export async function applicationRefusal(
  lists: Lists | undefined,
  program: string,
  path = process.env['PATH'] ?? '',
): Promise<{ readonly program: string; readonly rule: string | null } | null> {
  if (lists === undefined) return null;
  const found = /[\\/]/.test(program) ? resolve(program) : await inPath(program, path);
  const asked: Program = {
    shown: found ?? program,
    real: found === null ? null : await realOf(found),
  };
  for (const rule of lists.forbid ?? []) {
    if ((await means(rule, asked, path)) || looksLike(rule, asked)) return { program: asked.shown, rule };
  }
  if (lists.allow === undefined) return null;
  for (const rule of lists.allow) if (await means(rule, asked, path)) return null;
  return { program: asked.shown, rule: null };
}

/** True when the rule means the very file. */
async function means(rule: string, { shown, real }: Program, path: string): Promise<boolean> {
  if (isAbsolute(rule)) return real !== null && matchesPath(await realPattern(rule), real);
  if (real === null) return matchesPattern(rule, shown);
  // `editor` may be a link to another name; `calc` in a folder of its own is another program.
  const names = rule.includes('*')
    ? [basename(shown), basename(real)].filter((name) => matchesPattern(rule, name))
    : [rule];
  for (const name of names) {
    const found = await inPath(name, path);
    if (found !== null && (await realOf(found)) === real) return true;
  }
  return false;
}

/** What is forbidden is so under each of its names, wherever it lies. */
function looksLike(rule: string, { shown, real }: Program): boolean {
  if (isAbsolute(rule)) return matchesPath(rule, shown);
  return [shown, real ?? shown].some((path) => matchesPattern(rule, basename(path)));
}

/** `*` stays within a folder. */
function matchesPath(pattern: string, path: string): boolean {
  const [parts, against] = [pattern.split(/[\\/]/), path.split(/[\\/]/)];
  return parts.length === against.length && parts.every((part, index) => matchesPattern(part, against[index] ?? ''));
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

async function inPath(name: string, path: string): Promise<string | null> {
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const file = join(folder, name);
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return file;
  }
  return null;
}
