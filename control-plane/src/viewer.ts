/** Where the build puts the viewer of run records: one page that needs nothing else. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** The page; null when it is not built. */
export async function viewerPage(): Promise<string | null> {
  try {
    return await readFile(createRequire(import.meta.url).resolve('@casare/shared/viewer.html'), 'utf8');
  } catch {
    return null;
  }
}
