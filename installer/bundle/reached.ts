/**
 * The built modules that a program reaches: what stands in `dist` and is asked for by nobody, such as tests and what an earlier
 * build left, is in no package. Modules of ours are followed by their path, and by `@casare/…` through `exports`.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildFault } from '../fault.ts';

/** `from './x.js'`, `import './x.js'`, `import('./x.js')`, and the same of our packages. */
const ASKED = /(?:\bfrom|\bimport)\s*\(?\s*['"]((?:\.{1,2}\/|@casare\/)[^'"]+)['"]/g;

/** Paths from the root, sorted. Throws a BuildFault NOT_BUILT. */
export async function reachedModules(root: string, entries: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  const open = [...entries];
  for (let module = open.pop(); module !== undefined; module = open.pop()) {
    if (found.has(module)) continue;
    found.add(module);
    for (const [, asked] of (await textOf(root, module)).matchAll(ASKED)) {
      open.push(
        asked!.startsWith('@casare/')
          ? await exported(root, asked!)
          : path.posix.join(path.posix.dirname(module), asked!),
      );
    }
  }
  return [...found].sort();
}

async function textOf(root: string, module: string): Promise<string> {
  try {
    return await readFile(path.join(root, module), 'utf8');
  } catch (error) {
    throw new BuildFault('NOT_BUILT', `${module} is not there: run \`npm run build\` first`, { cause: error });
  }
}

async function exported(root: string, asked: string): Promise<string> {
  const [, workspace, rest = ''] = /^@casare\/([a-z-]+)(\/.*)?$/.exec(asked) ?? [];
  const { exports } = JSON.parse(await readFile(path.join(root, workspace ?? '', 'package.json'), 'utf8')) as {
    exports: Record<string, { default?: string } | undefined>;
  };
  const file = exports[`.${rest}`]?.default;
  if (file === undefined) throw new BuildFault('NOT_EXPORTED', `${asked} is in no exports: put it there`);
  return path.posix.join(workspace!, file);
}
