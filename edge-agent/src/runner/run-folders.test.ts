/** The folders of runs: which go, and what happens where none can. */
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunFolders } from './index.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-folders-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('folders of old runs are removed, those of held runs stay', () => {
  const root = join(folder, 'pruned');
  for (let n = 0; n < 30; n += 1) mkdirSync(join(root, `job-${n}`), { recursive: true });
  new RunFolders(root).prune(new Set(['job-0', 'job-1']));
  expect(existsSync(join(root, 'job-0')) && existsSync(join(root, 'job-1'))).toBe(true);
  const left = Array.from({ length: 30 }, (_, n) => n).filter((n) => existsSync(join(root, `job-${n}`)));
  expect(left).toHaveLength(22);
});

test('a folder that cannot be removed keeps nobody from going on', () => {
  const open = Array.from({ length: 25 }, () => openSync('/dev/null', 'r'));
  try {
    // nothing can be removed there, not even by root
    expect(() => new RunFolders('/proc/self/fdinfo').prune(new Set())).not.toThrow();
  } finally {
    for (const file of open) closeSync(file);
  }
});
