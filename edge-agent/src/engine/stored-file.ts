/** Whether a file that an earlier attempt's step stored is still there. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Json, StoredFile } from '@casare/shared/workflow';
import type { RunOptions } from './frame.ts';

/**
 * `none` when the output names no stored file; `present` when the run's `files` folder has it in its recorded size, or an
 * earlier attempt stored it as an artifact.
 */
export async function fileOf(
  output: Json,
  options: Pick<RunOptions, 'runFolder' | 'artifacts'>,
): Promise<'none' | 'present' | 'gone'> {
  const parsed = StoredFile.safeParse(output);
  if (!parsed.success) return 'none';
  if (options.artifacts?.includes(parsed.data.path) === true) return 'present';
  const folder = path.resolve(options.runFolder, 'files');
  const file = path.resolve(folder, parsed.data.path);
  if (!file.startsWith(folder + path.sep)) return 'gone';
  const found = await stat(file).catch(() => null);
  return found?.isFile() === true && found.size === parsed.data.bytes ? 'present' : 'gone';
}
