/** Texts that are held as a whole: read from a file of bounded size, or stored as a file. */
import { writeFile } from 'node:fs/promises';
import type { Encoding, StoredFile } from '@casare/shared/workflow';
import type { StepContext } from '../../engine/index.ts';
import { openFile, storeFile } from '../run-files.ts';
import { decode } from './encoding.ts';
import { refuseSecrets } from './secret-content.ts';

/**
 * @throws StepFailure FILE_TOO_LARGE, FILE_NOT_FOUND, TEXT_ENCODING
 */
export async function readText(
  context: StepContext,
  name: string,
  options: { readonly maxBytes: number; readonly encoding?: Encoding | undefined },
): Promise<string> {
  await using file = await openFile(context, name, options.maxBytes);
  const parts: string[] = [];
  for await (const text of decode(file.pieces(), options.encoding)) parts.push(text);
  return parts.join('');
}

/**
 * Stores what arguments say as a file.
 * @throws StepFailure SECRET_IN_FILE, and those of `storeFile`
 */
export async function storeText(
  context: StepContext,
  file: { readonly saveAs: string; readonly mediaType: string; readonly content: string | Buffer },
): Promise<StoredFile> {
  refuseSecrets(context);
  return storeFile(context, {
    saveAs: file.saveAs,
    kind: 'output',
    mediaType: file.mediaType,
    write: (path) => writeFile(path, file.content, { mode: 0o600 }),
  });
}
