/** What commands take: a job's input (a file, and single values over it), and what options came to. */
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { UsageError } from './exit.ts';

/** A JSON object of `file`, with `pairs` (`key=value`; a value that is JSON is taken as such) put over it. */
export async function readInput(
  file: string | undefined,
  pairs: readonly string[],
): Promise<Record<string, unknown> | undefined> {
  if (file === undefined && pairs.length === 0) return undefined;
  const input = file === undefined ? {} : parseObject(await readText(file), file);
  return { ...input, ...Object.fromEntries(pairs.map(parsePair)) };
}

/** The text of a file the user named. @throws UsageError */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? String(error)})`;
    throw new UsageError(`${file} ${why}: give the path of a file that can be read.`);
  }
}

/** What options came to, as the API takes it. @throws UsageError */
export function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UsageError(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

function parseObject(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${file} is not a JSON object.`);
  }
  return value as Record<string, unknown>;
}

function parsePair(pair: string): [string, unknown] {
  const at = pair.indexOf('=');
  if (at < 1) throw new UsageError(`--input takes key=value, not ${pair}`);
  const text = pair.slice(at + 1);
  try {
    return [pair.slice(0, at), JSON.parse(text)];
  } catch {
    return [pair.slice(0, at), text];
  }
}
