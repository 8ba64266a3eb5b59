/**
 * Programs that the policy lets steps start or attach to. What counts is the file that would run: links are resolved, and a
 * bare name is looked up where the system would.
 */
import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { delimiter, dirname, basename, isAbsolute, join, resolve } from 'node:path';
import { type Lists, matchesPattern } from './patterns.decision.ts';

/** Why a program is refused (`rule` names the line of `forbid`), or null. `program` is a path, or a bare name. */
export async function applicationRefusal(
  lists: Lists | undefined,
  program: string,
  path = process.env['PATH'] ?? '',
): Promise<{ readonly program: string; readonly rule: string | null } | null> {
  if (lists === undefined) return null;
  const found = /[\\/]/.test(program) ? resolve(program) : await inPath(program, path);
  // A name that is no file here, such as that of a window's owner, is matched by bare names alone.
  const real = found === null ? program : await realpath(found).catch(() => found);
  const shown = found ?? program;
  const faces = [...new Set([real, shown, ...(found === null ? [] : [basename(real), basename(shown)])])];
  for (const rule of lists.forbid ?? []) {
    if (await anyMatches(rule, faces)) return { program: shown, rule };
  }
  if (lists.allow === undefined) return null;
  // Allowing looks at the file itself: another program behind an allowed name is another program.
  const named = found === null || found === (await inPath(basename(found), path)) ? [real, basename(shown)] : [real];
  for (const rule of lists.allow) if (await anyMatches(rule, named)) return null;
  return { program: shown, rule: null };
}

async function anyMatches(rule: string, faces: readonly string[]): Promise<boolean> {
  const pattern = await realPattern(rule);
  return faces.some((face) => matchesPath(pattern, face) || (isAbsolute(rule) && matchesPath(rule, face)));
}

/** `*` stays within a folder. */
function matchesPath(pattern: string, path: string): boolean {
  const [parts, against] = [pattern.split(/[\\/]/), path.split(/[\\/]/)];
  return parts.length === against.length && parts.every((part, index) => matchesPattern(part, against[index] ?? ''));
}

/** A path of the policy with its links resolved; of one with `*` those of the folders before it. */
async function realPattern(rule: string): Promise<string> {
  if (!isAbsolute(rule)) return rule;
  const star = rule.indexOf('*');
  if (star === -1) return realpath(rule).catch(() => rule);
  const folder = dirname(`${rule.slice(0, star)}x`);
  const real = await realpath(folder).catch(() => folder);
  return join(real, rule.slice(folder.length));
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
