/** Whether the files that an earlier attempt's step stored are still there. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Json, StoredFile } from '@casare/shared/workflow';
import type { RunOptions } from './frame.ts';

/** `kept`: not here, and among the artifacts that earlier attempts stored at the control plane. */
export type FileState = 'none' | 'present' | 'kept' | 'gone';

const WORST_FIRST: readonly FileState[] = ['gone', 'kept', 'present'];

/** What says where the files of a run are. */
type Places = Pick<RunOptions, 'runFolder' | 'artifacts'>;

/**
 * `none` when the output names no stored file; else how it stands with the worst of them: `present` when the run's `files`
 * folder, or for an absolute name this machine, has it in its recorded size. Where `output.as` kept nothing of a file that the
 * step was told to store (`saveAs`), its name has to do.
 */
export async function fileOf(output: Json, saveAs: string | null, places: Places): Promise<FileState> {
  const files: Named[] = filesIn(output);
  if (files.length === 0 && saveAs !== null && !saysNone(output)) files.push({ path: saveAs });
  const states = await Promise.all(files.map((file) => stateOf(file, places)));
  return WORST_FIRST.find((state) => states.includes(state)) ?? 'none';
}

type Named = Pick<StoredFile, 'path'> & Partial<StoredFile>;

/** A call whose answer had no content has stored nothing. */
function saysNone(output: Json): boolean {
  return typeof output === 'object' && output !== null && 'file' in output && output['file'] === null;
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

async function stateOf(file: Named, { runFolder, artifacts }: Places): Promise<FileState> {
  const folder = path.resolve(runFolder, 'files');
  const full = path.resolve(folder, file.path);
  if (full.startsWith(folder + path.sep) || path.isAbsolute(file.path)) {
    const found = await stat(full).catch(() => null);
    if (found?.isFile() === true && found.size === (file.bytes ?? found.size)) return 'present';
  }
  return artifacts?.includes(file.path) === true ? 'kept' : 'gone';
}
