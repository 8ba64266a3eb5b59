/** Whether the files that an earlier attempt's step stored are still there. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Json, StoredFile } from '@casare/shared/workflow';
import type { RunOptions } from './frame.ts';

/** `kept`: not here, and among the artifacts that earlier attempts stored at the control plane. */
export type FileState = 'none' | 'present' | 'kept' | 'gone';

const WORST_FIRST: readonly FileState[] = ['gone', 'kept', 'present'];

/**
 * `none` when the output names no stored file; else how it stands with the worst of them: `present` when the run's `files`
 * folder, or for an absolute name this machine, has it in its recorded size.
 */
export async function fileOf(output: Json, options: Pick<RunOptions, 'runFolder' | 'artifacts'>): Promise<FileState> {
  const states = await Promise.all(filesIn(output).map((file) => stateOf(file, options)));
  return WORST_FIRST.find((state) => states.includes(state)) ?? 'none';
}

/** An output is a stored file, a list of them, or has one as its member `file`. */
function filesIn(output: Json): StoredFile[] {
  const single = StoredFile.safeParse(output);
  if (single.success) return [single.data];
  if (Array.isArray(output)) {
    const list = StoredFile.array().safeParse(output);
    return list.success ? list.data : [];
  }
  const member = typeof output === 'object' && output !== null && 'file' in output ? output['file'] : undefined;
  const nested = StoredFile.safeParse(member);
  return nested.success ? [nested.data] : [];
}

async function stateOf(
  file: StoredFile,
  { runFolder, artifacts }: Pick<RunOptions, 'runFolder' | 'artifacts'>,
): Promise<FileState> {
  const folder = path.resolve(runFolder, 'files');
  const full = path.resolve(folder, file.path);
  if (full.startsWith(folder + path.sep) || path.isAbsolute(file.path)) {
    const found = await stat(full).catch(() => null);
    if (found?.isFile() === true && found.size === file.bytes) return 'present';
  }
  return artifacts?.includes(file.path) === true ? 'kept' : 'gone';
}
