/** What workspaces need of npm when they run. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** The packages that a workspace asks for, without our own. */
export async function productionOf(root: string, workspace: string): Promise<readonly string[]> {
  const text = await readFile(path.join(root, workspace, 'package.json'), 'utf8');
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
  return Object.keys(dependencies).filter((name) => !name.startsWith('@casare/'));
}
